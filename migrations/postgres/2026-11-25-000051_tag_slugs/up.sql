-- The slugs of tags, given when the first article with the tag is published, and kept for good.
create table tag_slugs (
    -- What makes names the same tag: its folded name.
    identity text collate "C" not null primary key,
    slug     text collate "C" not null unique
);

-- Lists are named by identities now; the upgrade step makes these anew.
delete from edition_keys where facet like 'tag:%';
