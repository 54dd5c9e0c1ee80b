drop table sign_in_throttle;
