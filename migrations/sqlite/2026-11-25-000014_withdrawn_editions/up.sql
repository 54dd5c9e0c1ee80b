-- An edition that was taken out of history: readers get it for no instant, and it stands in no
-- list. Beside its end, this is all that ever changes of an edition.
alter table editions add column withdrawn_at      integer;
alter table editions add column withdrawn_by      blob;
-- For the newsroom; readers are not told.
alter table editions add column withdrawal_reason text;
