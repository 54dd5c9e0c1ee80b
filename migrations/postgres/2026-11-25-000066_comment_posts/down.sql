drop index comment_posts_party;
alter table comment_posts drop constraint comment_posts_pkey;
alter table comment_posts drop column id;
delete from comment_posts one using comment_posts other
where one.ctid > other.ctid and one.party = other.party
    and one.posted_at = other.posted_at and one.article_id = other.article_id;
alter table comment_posts add primary key (party, posted_at, article_id);
