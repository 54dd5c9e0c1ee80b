-- What was withdrawn stands in no list, but is answered again for the instants at which it was
-- public.
alter table editions drop column withdrawal_reason;
alter table editions drop column withdrawn_by;
alter table editions drop column withdrawn_at;
