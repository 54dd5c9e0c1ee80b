-- Append-only: audit trail, cache invalidation and the feed of changes read this one table.
create table journal (
    seq           bigint not null generated always as identity primary key,
    at            timestamptz      not null,
    actor_kind    text collate "C"    not null,
    actor_id      uuid,
    actor_name    text collate "C"    not null,
    action        text collate "C"    not null,
    resource_type text collate "C"    not null,
    resource_id   uuid     not null,
    section_id    uuid,
    version       integer     not null,
    summary       json     not null,
    tags          json     not null,
    request_id    text collate "C"    not null
);
create index journal_resource on journal (resource_id, seq);
create index journal_section on journal (section_id, seq);

-- Answers to POSTs, kept for a day so that a retry gets the same one.
create table idempotency_keys (
    caller      text collate "C" not null,
    key         text collate "C" not null,
    fingerprint text collate "C" not null,
    answer      json  not null,
    created_at  timestamptz   not null,
    primary key (caller, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

-- What nearly every answer needs and editors seldom change: servers read it once a version.
create table part_versions (
    part    text collate "C" not null primary key,
    version bigint not null
);
insert into part_versions (part, version) values ('sections', 1), ('ad_slots', 1);
