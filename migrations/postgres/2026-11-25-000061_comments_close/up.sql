-- How many days after publication an article's comments close; 0: never by themselves; null: as the
-- setting says.
alter table sections add column comments_close_after_days integer;
