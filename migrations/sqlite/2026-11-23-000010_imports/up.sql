-- The import that has begun and is not complete, if there is one: what it reads, and how far it
-- has come. Nothing is served meanwhile.
create table imports (
    -- Of the manifest: tells one export from another.
    digest text    not null primary key,
    file   text    not null,
    rows   integer not null,
    bytes  integer not null
) strict;
