-- Counts kept with every change, never recounted on read.
create table comment_threads (
    article_id   uuid not null primary key references articles (id),
    last_ordinal integer not null,
    approved     integer not null,
    -- Moves with whatever readers see of the thread.
    updated_at   timestamptz not null
);

create table comments (
    id          uuid  not null primary key,
    article_id  uuid  not null references articles (id),
    parent_id   uuid  references comments (id),
    ordinal     integer  not null,
    author_kind text collate "C" not null,
    nickname    text collate "C" not null,
    user_id     uuid  references users (id) on delete set null,
    body        text collate "C" not null,
    -- Of the folded body: tells a repeated post.
    body_digest text collate "C" not null,
    status      text collate "C" not null,
    reason      text collate "C",
    note        text collate "C",
    -- How many replies are approved.
    replies     integer  not null,
    -- Whether it stands in the thread, as itself or, with replies, as a stub.
    shown       boolean  not null,
    version     integer  not null,
    created_at  timestamptz   not null,
    updated_at  timestamptz   not null
);
create unique index comments_thread on comments (article_id, ordinal);
create index comments_shown on comments (article_id, shown, ordinal);
create index comments_digest on comments (article_id, body_digest, created_at);
create index comments_queue on comments (status, created_at, id);
create index comments_article on comments (article_id, created_at, id);
create index comments_newest on comments (created_at, id);

create table comment_reports (
    id         uuid  not null primary key,
    comment_id uuid  not null references comments (id) on delete cascade,
    kind       text collate "C" not null,
    notice     json  not null,
    resolved   boolean not null,
    created_at timestamptz   not null
);
create index comment_reports_comment on comment_reports (comment_id);
create index comment_reports_queue on comment_reports (resolved, created_at, id);
create index comment_reports_kind on comment_reports (kind, resolved, created_at, id);
