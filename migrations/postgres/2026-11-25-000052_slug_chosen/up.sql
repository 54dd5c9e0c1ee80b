-- Whether somebody chose the slug; else it follows the headline until the article is published.
-- Who chose those that are there is not known: they stay.
alter table articles add column slug_chosen boolean not null default false;
update articles set slug_chosen = slug is not null;
