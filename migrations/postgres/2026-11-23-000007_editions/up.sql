-- What readers get. A row never changes, but for its end: a later edition or a withdrawal
-- brings `valid_until` forward.
create table editions (
    id                 uuid  not null primary key,
    article_id         uuid  not null references articles (id),
    number             integer  not null,
    kind               text collate "C" not null,
    valid_from         timestamptz   not null,
    valid_until        timestamptz   not null,
    -- The end as it was asked for: what `valid_until` goes back to when the edition that was to
    -- follow is cancelled.
    planned_until      timestamptz   not null,
    -- Ended long ago: lists of today do not walk over its keys.
    retired            boolean not null,
    section_id         uuid  not null references sections (id),
    slug               text collate "C" not null,
    language           text collate "C" not null,
    genre              text collate "C" not null,
    headline           text collate "C" not null,
    published_at       timestamptz   not null,
    first_published_at timestamptz   not null,
    modified_at        timestamptz   not null,
    -- What lists show beside the columns above.
    summary            json  not null,
    -- The whole article, related links included, as it was.
    document           json  not null,
    notice             text collate "C",
    created_by         uuid,
    created_at         timestamptz   not null,
    unique (article_id, number)
);
create index editions_live on editions (article_id, valid_until, valid_from);
create index editions_address on editions (section_id, slug, valid_until, valid_from);
create index editions_starts on editions (valid_from);
create index editions_ended on editions (retired, valid_until);

-- One row for every list that an edition belongs to, in the order of the list.
create table edition_keys (
    edition_id   uuid  not null references editions (id) on delete cascade,
    facet        text collate "C" not null,
    retired      boolean not null,
    published_at timestamptz   not null,
    article_id   uuid  not null,
    valid_from   timestamptz   not null,
    valid_until  timestamptz   not null,
    primary key (edition_id, facet)
);
create index edition_keys_list on edition_keys
    (facet, retired, published_at, article_id, valid_from, valid_until, edition_id);

create table edition_uses (
    article_id uuid  not null,
    number     integer  not null,
    kind       text collate "C" not null,
    target_id  uuid  not null,
    primary key (article_id, number, kind, target_id),
    foreign key (article_id, number) references editions (article_id, number) on delete cascade
);
create index edition_uses_target on edition_uses (target_id, article_id, number);
