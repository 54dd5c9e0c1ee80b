drop table recovery_codes;
drop table second_factors;
drop table sign_in_throttle;
