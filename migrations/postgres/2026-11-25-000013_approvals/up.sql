-- Which version of a working copy was approved, and by whom. The approval holds for that version:
-- an edit makes a later `edited_version`.
alter table articles add column edited_version         integer not null default 1;
alter table articles add column approved_version       integer;
alter table articles add column approved_by            uuid;
alter table articles add column approved_at            timestamptz;
-- Whether whoever approved had written none of it.
alter table articles add column approved_independently boolean not null default false;
create index articles_approver on articles (approved_by);

-- Who has written since the last approval by somebody else.
create table article_contributors (
    article_id uuid not null references articles (id) on delete cascade,
    user_id    uuid not null references users (id) on delete cascade,
    primary key (article_id, user_id)
);
create index article_contributors_user on article_contributors (user_id);

-- What the journal says of all that.
update articles set edited_version = coalesce(
    (select max(j.version) from journal j
     where j.resource_id = articles.id and j.action in ('article.created', 'article.edited')), 1);
update articles set (approved_version, approved_by, approved_at) =
    (select j.version - 1, j.actor_id, j.at from journal j
     where j.resource_id = articles.id and j.action = 'article.approved'
     order by j.seq desc limit 1);
update articles set approved_independently = true
where approved_by is not null
    and not exists (select 1 from article_authors w
        where w.article_id = articles.id and w.user_id = articles.approved_by)
    and not exists (select 1 from journal j
        where j.resource_id = articles.id and j.actor_id = articles.approved_by
            and j.action in ('article.created', 'article.edited')
            and j.version <= articles.approved_version);
update articles set approved_by = null
where approved_by not in (select id from users);
insert into article_contributors (article_id, user_id)
select distinct a.id, u.id
from articles a
join journal j on j.resource_id = a.id and j.action in ('article.created', 'article.edited')
join users u on u.id = j.actor_id
where not a.approved_independently or j.version > a.approved_version;
