-- Words that comments are held or refused for.
create table comment_words (
    id         blob    not null primary key,
    word       text    not null,
    -- As it is compared: without case, diacritics and look-alike characters.
    likeness   text    not null unique,
    kind       text    not null,
    version    integer not null,
    created_at integer not null,
    updated_at integer not null
) strict;
create index comment_words_age on comment_words (created_at, id);

-- Who posted lately, by a keyed hash of their address; gone after a day.
create table comment_posts (
    party      text    not null,
    article_id blob    not null references articles (id) on delete cascade,
    posted_at  integer not null,
    primary key (party, posted_at, article_id)
) strict, without rowid;
create index comment_posts_article on comment_posts (article_id, posted_at);
create index comment_posts_age on comment_posts (posted_at);

-- The same hash; forgotten after a month.
alter table comment_reports add column reporter text;
create unique index comment_reports_reporter on comment_reports (comment_id, reporter);
create index comment_reports_known on comment_reports (created_at) where reporter is not null;
