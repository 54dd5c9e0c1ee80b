-- Replies have replies: `parent_id` is what a comment replies to, `thread_id` the comment that its
-- thread begins with. Until now these were the same.
alter table comments add column thread_id blob references comments (id);
update comments set thread_id = parent_id where parent_id is not null;
create index comments_threads on comments (article_id, thread_id, shown, ordinal);
create index comments_replies on comments (parent_id, shown, ordinal);
