delete from edition_keys where facet like 'language:%' and not exists (
    select 1 from editions
    where editions.id = edition_keys.edition_id
        and 'language:' || editions.language = edition_keys.facet
);
