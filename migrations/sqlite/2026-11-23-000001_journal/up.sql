-- Append-only: audit trail, cache invalidation and the feed of changes read this one table.
create table journal (
    seq           integer not null primary key autoincrement,
    at            integer      not null,
    actor_kind    text    not null,
    actor_id      blob,
    actor_name    text    not null,
    action        text    not null,
    resource_type text    not null,
    resource_id   blob     not null,
    section_id    blob,
    version       integer     not null,
    summary       text     not null,
    tags          text     not null,
    request_id    text    not null
) strict;
create index journal_resource on journal (resource_id, seq);
create index journal_section on journal (section_id, seq);

-- Answers to POSTs, kept for a day so that a retry gets the same one.
create table idempotency_keys (
    caller      text not null,
    key         text not null,
    fingerprint text not null,
    answer      text  not null,
    created_at  integer   not null,
    primary key (caller, key)
) strict;
create index idempotency_keys_age on idempotency_keys (created_at);

-- What nearly every answer needs and editors seldom change: servers read it once a version.
create table part_versions (
    part    text not null primary key,
    version integer not null
) strict;
insert into part_versions (part, version) values ('sections', 1), ('ad_slots', 1);
