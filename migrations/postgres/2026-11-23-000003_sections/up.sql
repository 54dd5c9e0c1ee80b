create table sections (
    id            uuid  not null primary key,
    parent_id     uuid  references sections (id),
    slug          text collate "C" not null,
    name          text collate "C" not null,
    -- Derived: the slugs from the root down. Unique, hence slugs are unique among siblings.
    path          text collate "C" not null unique,
    description   text collate "C",
    position      integer  not null,
    hidden        boolean not null,
    comments_mode text collate "C" not null,
    version       integer  not null,
    created_at    timestamptz   not null,
    updated_at    timestamptz   not null
);
create index sections_parent on sections (parent_id, position, slug);

-- Where a section used to be. One row covers everything that was below the old path.
create table section_redirects (
    path       text collate "C" not null primary key,
    section_id uuid  not null references sections (id) on delete cascade,
    created_at timestamptz   not null
);
create index section_redirects_section on section_redirects (section_id);
