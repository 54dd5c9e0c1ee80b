drop table part_versions;
drop table idempotency_keys;
drop table journal;
