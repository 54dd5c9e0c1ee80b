-- An older program does not know what was withdrawn. It stands in no list; that `as_of` does not
-- show it again, it becomes an edition that was called off before any reader had it.
update editions set valid_until = valid_from where withdrawn_at is not null;
alter table editions drop column withdrawal_reason;
alter table editions drop column withdrawn_by;
alter table editions drop column withdrawn_at;
