create table comment_posts_without_ids (
    party      text    not null,
    article_id blob    not null references articles (id) on delete cascade,
    posted_at  integer not null,
    primary key (party, posted_at, article_id)
) strict, without rowid;
insert or ignore into comment_posts_without_ids (party, article_id, posted_at)
select party, article_id, posted_at from comment_posts;
drop table comment_posts;
alter table comment_posts_without_ids rename to comment_posts;
create index comment_posts_article on comment_posts (article_id, posted_at);
create index comment_posts_age on comment_posts (posted_at);
