-- What said nothing true is not missed.
select 1;
