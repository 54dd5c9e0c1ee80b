create table media_credits (
    id               uuid  not null primary key,
    label            text collate "C",
    credit_line      text collate "C" not null,
    creator_name     text collate "C",
    creator_kind     text collate "C",
    source           text collate "C",
    copyright_notice text collate "C",
    license_url      text collate "C",
    usage_terms      text collate "C",
    created_by       uuid,
    version          integer  not null,
    created_at       timestamptz   not null,
    updated_at       timestamptz   not null
);

create table media (
    id                uuid  not null primary key,
    credit_id         uuid  references media_credits (id),
    kind              text collate "C" not null,
    url               text collate "C",
    mime              text collate "C",
    width             integer,
    height            integer,
    alt               text collate "C",
    decorative        boolean not null,
    caption           text collate "C",
    focal_point       json,
    rights_expires_at timestamptz,
    created_by        uuid,
    version           integer  not null,
    created_at        timestamptz   not null,
    updated_at        timestamptz   not null
);
create index media_credit on media (credit_id, created_at, id);
create index media_newest on media (created_at, id);
create index media_credits_newest on media_credits (created_at, id);
