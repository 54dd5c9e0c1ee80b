create table ad_slots (
    id           uuid  not null primary key,
    code         text collate "C" not null unique,
    name         text collate "C" not null,
    placement    text collate "C" not null,
    label        json  not null,
    size_mapping json  not null,
    provider     json  not null,
    targeting    json  not null,
    sections     json  not null,
    rule         json,
    lazy         boolean not null,
    starts_at    timestamptz,
    ends_at      timestamptz,
    active       boolean not null,
    version      integer  not null,
    created_at   timestamptz   not null,
    updated_at   timestamptz   not null
);
