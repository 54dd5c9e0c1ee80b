create table users (
    id            uuid  not null primary key,
    email         text collate "C" not null unique,
    name          text collate "C" not null,
    name_folded   text collate "C" not null,
    roles         json  not null,
    sections      json  not null,
    active        boolean not null,
    password_hash text collate "C" not null,
    -- Access tokens of an older epoch are refused: moves with passwords, roles and activity.
    token_epoch   integer  not null,
    version       integer  not null,
    created_at    timestamptz   not null,
    updated_at    timestamptz   not null
);
create index users_name on users (name_folded);

create table sessions (
    id         uuid not null primary key,
    user_id    uuid not null references users (id) on delete cascade,
    -- How often the refresh token was rotated; an older generation coming back is theft.
    generation integer not null,
    created_at timestamptz  not null,
    expires_at timestamptz  not null
);
create index sessions_user on sessions (user_id);
create index sessions_age on sessions (expires_at);
