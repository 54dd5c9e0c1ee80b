drop table media;
drop table media_credits;
