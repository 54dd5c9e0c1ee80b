-- Replies have no replies: each is one to the comment that its thread begins with.
drop index comments_replies;
drop index comments_threads;
update comments set parent_id = thread_id where thread_id is not null;
-- Only what a thread begins with counts replies, and stands there for their sake.
update comments set replies = 0, shown = (status = 'approved') where parent_id is not null;
alter table comments drop column thread_id;
