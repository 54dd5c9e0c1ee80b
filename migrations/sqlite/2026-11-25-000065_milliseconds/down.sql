-- What was cut off is gone; the end of time is where it was.
update editions set valid_until = 253402300799999999 where valid_until = 253402300799999000;
update editions set planned_until = 253402300799999999 where planned_until = 253402300799999000;
update edition_keys set valid_until = 253402300799999999 where valid_until = 253402300799999000;
