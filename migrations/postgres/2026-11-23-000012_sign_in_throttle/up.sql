-- How long who has to wait before they try again to prove who they are. Addresses and emails are
-- not kept: a key is a keyed digest of them.
create table sign_in_throttle (
    key         uuid        not null primary key,
    free_at     timestamptz not null,
    -- Each failure moves this on by the time after which it is forgiven.
    forgiven_at timestamptz not null,
    -- Until when a user counts as known at an address that they have signed in from.
    known_until timestamptz not null,
    expires_at  timestamptz not null
);
create index sign_in_throttle_age on sign_in_throttle (expires_at);

create table second_factors (
    user_id    uuid not null primary key references users (id) on delete cascade,
    -- Encrypted under a key made of the signing secret.
    sealed     text collate "C" not null,
    -- The time step of the last code that was taken: no code is taken twice.
    last_step  bigint not null,
    confirmed  boolean not null,
    created_at timestamptz not null
);

create table recovery_codes (
    user_id uuid not null references users (id) on delete cascade,
    digest  text collate "C" not null,
    primary key (user_id, digest)
);
