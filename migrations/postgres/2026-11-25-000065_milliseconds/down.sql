-- What was cut off is gone; the end of time is where it was.
update editions set valid_until = '9999-12-31 23:59:59.999999+00' where valid_until = '9999-12-31 23:59:59.999+00';
update editions set planned_until = '9999-12-31 23:59:59.999999+00' where planned_until = '9999-12-31 23:59:59.999+00';
update edition_keys set valid_until = '9999-12-31 23:59:59.999999+00' where valid_until = '9999-12-31 23:59:59.999+00';
