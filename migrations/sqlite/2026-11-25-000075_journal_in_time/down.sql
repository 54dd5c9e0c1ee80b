-- When an entry said that it was written, nobody knows any more.
select 1;
