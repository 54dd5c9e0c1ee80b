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
