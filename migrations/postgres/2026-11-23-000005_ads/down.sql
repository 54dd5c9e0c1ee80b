drop table ad_slots;
