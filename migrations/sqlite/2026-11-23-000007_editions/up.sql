-- What readers get. A row never changes, but for its end: a later edition or a withdrawal
-- brings `valid_until` forward.
create table editions (
    id                 blob  not null primary key,
    article_id         blob  not null references articles (id),
    number             integer  not null,
    kind               text not null,
    valid_from         integer   not null,
    valid_until        integer   not null,
    -- The end as it was asked for: what `valid_until` goes back to when the edition that was to
    -- follow is cancelled.
    planned_until      integer   not null,
    -- Ended long ago: lists of today do not walk over its keys.
    retired            integer not null,
    section_id         blob  not null references sections (id),
    slug               text not null,
    language           text not null,
    genre              text not null,
    headline           text not null,
    published_at       integer   not null,
    first_published_at integer   not null,
    modified_at        integer   not null,
    -- What lists show beside the columns above.
    summary            text  not null,
    -- The whole article, related links included, as it was.
    document           text  not null,
    notice             text,
    created_by         blob,
    created_at         integer   not null,
    unique (article_id, number)
) strict;
create index editions_live on editions (article_id, valid_until, valid_from);
create index editions_address on editions (section_id, slug, valid_until, valid_from);
create index editions_starts on editions (valid_from);
create index editions_ended on editions (retired, valid_until);

-- One row for every list that an edition belongs to, in the order of the list.
create table edition_keys (
    edition_id   blob  not null references editions (id) on delete cascade,
    facet        text not null,
    retired      integer not null,
    published_at integer   not null,
    article_id   blob  not null,
    valid_from   integer   not null,
    valid_until  integer   not null,
    primary key (edition_id, facet)
) strict;
create index edition_keys_list on edition_keys
    (facet, retired, published_at, article_id, valid_from, valid_until, edition_id);

create table edition_uses (
    article_id blob  not null,
    number     integer  not null,
    kind       text not null,
    target_id  blob  not null,
    primary key (article_id, number, kind, target_id),
    foreign key (article_id, number) references editions (article_id, number) on delete cascade
) strict;
create index edition_uses_target on edition_uses (target_id, article_id, number);
