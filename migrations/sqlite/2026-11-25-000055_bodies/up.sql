-- The bodies of articles are rewritten by the step of this migration in src/db/upgrade: marks become
-- objects, and line ends line feeds.
select 1;
