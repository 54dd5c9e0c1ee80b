create table ad_slots (
    id           blob  not null primary key,
    code         text not null unique,
    name         text not null,
    placement    text not null,
    label        text  not null,
    size_mapping text  not null,
    provider     text  not null,
    targeting    text  not null,
    sections     text  not null,
    rule         text,
    lazy         integer not null,
    starts_at    integer,
    ends_at      integer,
    active       integer not null,
    version      integer  not null,
    created_at   integer   not null,
    updated_at   integer   not null
) strict;
