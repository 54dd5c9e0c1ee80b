-- Working copies. Nothing that readers get is ever read from this table.
create table articles (
    id                 blob  not null primary key,
    slug               text,
    section_id         blob  references sections (id),
    language           text not null,
    genre              text not null,
    headline           text not null,
    status             text not null,
    -- The whole working copy, as editors send it.
    document           text  not null,
    note               text,
    last_edition       integer  not null,
    edited_since       integer not null,
    first_published_at integer,
    published_at       integer,
    created_by         blob,
    version            integer  not null,
    created_at         integer   not null,
    updated_at         integer   not null
) strict;
create unique index articles_address on articles (section_id, slug);
create index articles_updated on articles (updated_at, id);
create index articles_creator on articles (created_by);
create index articles_section on articles (section_id, updated_at, id);
create index articles_status on articles (status, updated_at, id);

create table article_authors (
    article_id blob not null references articles (id) on delete cascade,
    user_id    blob not null references users (id),
    position   integer not null,
    primary key (article_id, user_id)
) strict;
create index article_authors_user on article_authors (user_id, article_id);

-- What a working copy refers to, so that nothing in use can be deleted.
create table article_uses (
    article_id blob  not null references articles (id) on delete cascade,
    kind       text not null,
    target_id  blob  not null,
    primary key (article_id, kind, target_id)
) strict;
create index article_uses_target on article_uses (target_id, article_id);

create table related_links (
    id                blob  not null primary key,
    article_id        blob  not null references articles (id) on delete cascade,
    position          integer  not null,
    kind              text not null,
    target_article_id blob  references articles (id),
    url               text,
    title             text,
    rel               text not null,
    version           integer  not null,
    created_at        integer   not null,
    updated_at        integer   not null
) strict;
create index related_links_article on related_links (article_id, position);
create index related_links_target on related_links (target_article_id);
