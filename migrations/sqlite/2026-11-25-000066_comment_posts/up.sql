-- Somebody may post twice within a millisecond.
create table comment_posts_with_ids (
    id         blob    not null primary key,
    party      text    not null,
    article_id blob    not null references articles (id) on delete cascade,
    posted_at  integer not null
) strict, without rowid;
insert into comment_posts_with_ids (id, party, article_id, posted_at)
select randomblob(16), party, article_id, posted_at from comment_posts;
drop table comment_posts;
alter table comment_posts_with_ids rename to comment_posts;
create index comment_posts_party on comment_posts (party, posted_at);
create index comment_posts_article on comment_posts (article_id, posted_at);
create index comment_posts_age on comment_posts (posted_at);
