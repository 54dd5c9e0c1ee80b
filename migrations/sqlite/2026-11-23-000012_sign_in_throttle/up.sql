-- How long who has to wait before they try again to prove who they are. Addresses and emails are
-- not kept: a key is a keyed digest of them.
create table sign_in_throttle (
    key         blob    not null primary key,
    free_at     integer not null,
    -- Each failure moves this on by the time after which it is forgiven.
    forgiven_at integer not null,
    -- Until when a user counts as known at an address that they have signed in from.
    known_until integer not null,
    expires_at  integer not null
) strict;
create index sign_in_throttle_age on sign_in_throttle (expires_at);

create table second_factors (
    user_id    blob not null primary key references users (id) on delete cascade,
    -- Encrypted under a key made of the signing secret.
    sealed     text not null,
    -- The time step of the last code that was taken: no code is taken twice.
    last_step  integer not null,
    confirmed  integer not null,
    created_at integer not null
) strict;

create table recovery_codes (
    user_id blob not null references users (id) on delete cascade,
    digest  text not null,
    primary key (user_id, digest)
) strict;
