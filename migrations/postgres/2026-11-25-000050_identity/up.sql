-- What a user's name looks like, for names that cannot be told from it. Filled by the upgrade step,
-- which compares texts anew wherever that is stored.
alter table users add column name_skeleton text collate "C" not null default '';
create index users_name_skeleton on users (name_skeleton);

-- Out of the way while each gets its new form.
update comment_words set likeness = id::text;
