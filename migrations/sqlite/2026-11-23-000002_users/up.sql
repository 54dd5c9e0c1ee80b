create table users (
    id            blob  not null primary key,
    email         text not null unique,
    name          text not null,
    name_folded   text not null,
    roles         text  not null,
    sections      text  not null,
    active        integer not null,
    password_hash text not null,
    -- Access tokens of an older epoch are refused: moves with passwords, roles and activity.
    token_epoch   integer  not null,
    version       integer  not null,
    created_at    integer   not null,
    updated_at    integer   not null
) strict;
create index users_name on users (name_folded);

create table sessions (
    id         blob not null primary key,
    user_id    blob not null references users (id) on delete cascade,
    -- How often the refresh token was rotated; an older generation coming back is theft.
    generation integer not null,
    created_at integer  not null,
    expires_at integer  not null
) strict;
create index sessions_user on sessions (user_id);
create index sessions_age on sessions (expires_at);
