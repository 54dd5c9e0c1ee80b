drop table edition_uses;
drop table edition_keys;
drop table editions;
