-- Counts kept with every change, never recounted on read.
create table comment_threads (
    article_id   uuid not null primary key references articles (id),
    last_ordinal integer not null,
    approved     integer not null
);

create table comments (
    id          uuid  not null primary key,
    article_id  uuid  not null references articles (id),
    parent_id   uuid  references comments (id),
    ordinal     integer  not null,
    author_kind text collate "C" not null,
    nickname    text collate "C" not null,
    user_id     uuid  references users (id),
    body        text collate "C" not null,
    body_folded text collate "C" not null,
    status      text collate "C" not null,
    reason      text collate "C",
    note        text collate "C",
    version     integer  not null,
    created_at  timestamptz   not null,
    updated_at  timestamptz   not null
);
create unique index comments_thread on comments (article_id, ordinal);
create index comments_visible on comments (article_id, status, ordinal);
create index comments_parent on comments (parent_id);
create index comments_queue on comments (status, created_at, id);

create table comment_reports (
    id         uuid  not null primary key,
    comment_id uuid  not null references comments (id) on delete cascade,
    kind       text collate "C" not null,
    notice     json  not null,
    resolved   boolean not null,
    created_at timestamptz   not null
);
create index comment_reports_comment on comment_reports (comment_id);
create index comment_reports_age on comment_reports (created_at, id);
