-- Somebody may post twice within a millisecond.
alter table comment_posts drop constraint comment_posts_pkey;
alter table comment_posts add column id uuid not null default gen_random_uuid() primary key;
alter table comment_posts alter column id drop default;
create index comment_posts_party on comment_posts (party, posted_at);
