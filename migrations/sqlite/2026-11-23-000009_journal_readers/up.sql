-- Who follows the journal beside the requests, and how far each has come. One server at a time
-- does the work of a reader; another may once that one's time is up.
create table journal_readers (
    name       text    not null primary key,
    seq        integer not null,
    held_by    blob,
    held_until integer,
    check ((held_by is null) = (held_until is null))
) strict;
