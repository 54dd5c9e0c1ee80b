-- Counts kept with every change, never recounted on read.
create table comment_threads (
    article_id   blob not null primary key references articles (id),
    last_ordinal integer not null,
    approved     integer not null,
    -- Moves with whatever readers see of the thread.
    updated_at   integer not null
) strict;

create table comments (
    id          blob  not null primary key,
    article_id  blob  not null references articles (id),
    parent_id   blob  references comments (id),
    ordinal     integer  not null,
    author_kind text not null,
    nickname    text not null,
    user_id     blob  references users (id) on delete set null,
    body        text not null,
    -- Of the folded body: tells a repeated post.
    body_digest text not null,
    status      text not null,
    reason      text,
    note        text,
    -- How many replies are approved.
    replies     integer  not null,
    -- Whether it stands in the thread, as itself or, with replies, as a stub.
    shown       integer  not null,
    version     integer  not null,
    created_at  integer   not null,
    updated_at  integer   not null
) strict;
create unique index comments_thread on comments (article_id, ordinal);
create index comments_shown on comments (article_id, shown, ordinal);
create index comments_digest on comments (article_id, body_digest, created_at);
create index comments_queue on comments (status, created_at, id);
create index comments_article on comments (article_id, created_at, id);
create index comments_newest on comments (created_at, id);

create table comment_reports (
    id         blob  not null primary key,
    comment_id blob  not null references comments (id) on delete cascade,
    kind       text not null,
    notice     text  not null,
    resolved   integer not null,
    created_at integer   not null
) strict;
create index comment_reports_comment on comment_reports (comment_id);
create index comment_reports_queue on comment_reports (resolved, created_at, id);
create index comment_reports_kind on comment_reports (kind, resolved, created_at, id);
