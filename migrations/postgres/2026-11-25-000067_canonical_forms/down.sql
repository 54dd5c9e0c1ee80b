-- They were taken in these forms before as well.
select 1;
