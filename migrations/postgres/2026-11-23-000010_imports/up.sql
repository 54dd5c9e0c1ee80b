-- The import that has begun and is not complete, if there is one: what it reads, and how far it
-- has come. Nothing is served meanwhile.
create table imports (
    -- Of the manifest: tells one export from another.
    digest text collate "C" not null primary key,
    file   text collate "C" not null,
    rows   bigint           not null,
    bytes  bigint           not null
);
