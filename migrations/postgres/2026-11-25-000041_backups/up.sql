-- When this database was last backed up, by each way of doing it, as far as the program was told.
create table backups (
    kind     text collate "C" not null primary key,
    taken_at timestamptz      not null
);
