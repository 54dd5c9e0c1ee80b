-- When the present refresh token was given out for the one before it; nothing where it was given
-- out for a password. For some seconds the one before brings the same again.
alter table sessions add column exchanged_at timestamptz;
-- What was last seen of whoever is signed in: a program and a system, and a network, no address.
alter table sessions add column device text;
alter table sessions add column network text;
