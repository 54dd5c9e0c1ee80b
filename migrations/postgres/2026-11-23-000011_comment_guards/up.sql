-- Words that comments are held or refused for.
create table comment_words (
    id         uuid    not null primary key,
    word       text collate "C"  not null,
    -- As it is compared: without case, diacritics and look-alike characters.
    likeness   text collate "C"  not null unique,
    kind       text collate "C"  not null,
    version    integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index comment_words_age on comment_words (created_at, id);

-- Who posted lately, by a keyed hash of their address; gone after a day.
create table comment_posts (
    party      text collate "C"  not null,
    article_id uuid    not null references articles (id) on delete cascade,
    posted_at  timestamptz not null,
    primary key (party, posted_at, article_id)
);
create index comment_posts_article on comment_posts (article_id, posted_at);
create index comment_posts_age on comment_posts (posted_at);

-- The same hash; forgotten after a month.
alter table comment_reports add column reporter text collate "C";
create unique index comment_reports_reporter on comment_reports (comment_id, reporter);
create index comment_reports_known on comment_reports (created_at) where reporter is not null;
