create table sections (
    id            blob  not null primary key,
    parent_id     blob  references sections (id),
    slug          text not null,
    name          text not null,
    -- Derived: the slugs from the root down. Unique, hence slugs are unique among siblings.
    path          text not null unique,
    description   text,
    position      integer  not null,
    hidden        integer not null,
    comments_mode text not null,
    version       integer  not null,
    created_at    integer   not null,
    updated_at    integer   not null
) strict;
create index sections_parent on sections (parent_id, position, slug);

-- Where a section used to be. One row covers everything that was below the old path.
create table section_redirects (
    path       text not null primary key,
    section_id blob  not null references sections (id) on delete cascade,
    created_at integer   not null
) strict;
create index section_redirects_section on section_redirects (section_id);
