create table media_credits (
    id               blob  not null primary key,
    label            text,
    credit_line      text not null,
    creator_name     text,
    creator_kind     text,
    source           text,
    copyright_notice text,
    license_url      text,
    usage_terms      text,
    created_by       blob,
    version          integer  not null,
    created_at       integer   not null,
    updated_at       integer   not null
) strict;

create table media (
    id                blob  not null primary key,
    credit_id         blob  references media_credits (id),
    kind              text not null,
    url               text,
    mime              text,
    width             integer,
    height            integer,
    alt               text,
    decorative        integer not null,
    caption           text,
    focal_point       text,
    rights_expires_at integer,
    created_by        blob,
    version           integer  not null,
    created_at        integer   not null,
    updated_at        integer   not null
) strict;
create index media_credit on media (credit_id, created_at, id);
create index media_newest on media (created_at, id);
create index media_credits_newest on media_credits (created_at, id);
