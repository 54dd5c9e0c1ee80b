-- Who follows the journal beside the requests, and how far each has come. One server at a time
-- does the work of a reader; another may once that one's time is up.
create table journal_readers (
    name       text collate "C" not null primary key,
    seq        bigint           not null,
    held_by    uuid,
    held_until timestamptz,
    check ((held_by is null) = (held_until is null))
);
