-- Working copies. Nothing that readers get is ever read from this table.
create table articles (
    id                 uuid  not null primary key,
    slug               text collate "C",
    section_id         uuid  references sections (id),
    language           text collate "C" not null,
    genre              text collate "C" not null,
    headline           text collate "C" not null,
    status             text collate "C" not null,
    -- The whole working copy, as editors send it.
    document           json  not null,
    note               text collate "C",
    last_edition       integer  not null,
    edited_since       boolean not null,
    first_published_at timestamptz,
    published_at       timestamptz,
    created_by         uuid,
    version            integer  not null,
    created_at         timestamptz   not null,
    updated_at         timestamptz   not null
);
create unique index articles_address on articles (section_id, slug);
create index articles_updated on articles (updated_at, id);
create index articles_creator on articles (created_by);
create index articles_section on articles (section_id, updated_at, id);
create index articles_status on articles (status, updated_at, id);

create table article_authors (
    article_id uuid not null references articles (id) on delete cascade,
    user_id    uuid not null references users (id),
    position   integer not null,
    primary key (article_id, user_id)
);
create index article_authors_user on article_authors (user_id, article_id);

-- What a working copy refers to, so that nothing in use can be deleted.
create table article_uses (
    article_id uuid  not null references articles (id) on delete cascade,
    kind       text collate "C" not null,
    target_id  uuid  not null,
    primary key (article_id, kind, target_id)
);
create index article_uses_target on article_uses (target_id, article_id);

create table related_links (
    id                uuid  not null primary key,
    article_id        uuid  not null references articles (id) on delete cascade,
    position          integer  not null,
    kind              text collate "C" not null,
    target_article_id uuid  references articles (id),
    url               text collate "C",
    title             text collate "C",
    rel               text collate "C" not null,
    version           integer  not null,
    created_at        timestamptz   not null,
    updated_at        timestamptz   not null
);
create index related_links_article on related_links (article_id, position);
create index related_links_target on related_links (target_article_id);
