-- Counts kept with every change, never recounted on read.
create table comment_threads (
    article_id   blob not null primary key references articles (id),
    last_ordinal integer not null,
    approved     integer not null
) strict;

create table comments (
    id          blob  not null primary key,
    article_id  blob  not null references articles (id),
    parent_id   blob  references comments (id),
    ordinal     integer  not null,
    author_kind text not null,
    nickname    text not null,
    user_id     blob  references users (id),
    body        text not null,
    body_folded text not null,
    status      text not null,
    reason      text,
    note        text,
    version     integer  not null,
    created_at  integer   not null,
    updated_at  integer   not null
) strict;
create unique index comments_thread on comments (article_id, ordinal);
create index comments_visible on comments (article_id, status, ordinal);
create index comments_parent on comments (parent_id);
create index comments_queue on comments (status, created_at, id);

create table comment_reports (
    id         blob  not null primary key,
    comment_id blob  not null references comments (id) on delete cascade,
    kind       text not null,
    notice     text  not null,
    resolved   integer not null,
    created_at integer   not null
) strict;
create index comment_reports_comment on comment_reports (comment_id);
create index comment_reports_age on comment_reports (created_at, id);
