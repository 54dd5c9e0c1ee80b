-- An edition in en-GB stands in the list of en as well. Names had three parts at the most.
delete from edition_keys where facet like 'language:%';
insert into edition_keys
    (edition_id, facet, retired, published_at, article_id, valid_from, valid_until)
select id, 'language:' || language, retired, published_at, article_id, valid_from, valid_until
from editions where kind = 'live' and withdrawn_at is null;
insert into edition_keys
    (edition_id, facet, retired, published_at, article_id, valid_from, valid_until)
select edition_id, substr(facet, 1, instr(facet, '-') - 1),
    retired, published_at, article_id, valid_from, valid_until
from edition_keys where facet like 'language:%-%';
insert into edition_keys
    (edition_id, facet, retired, published_at, article_id, valid_from, valid_until)
select edition_id,
    substr(facet, 1, instr(facet, '-') + instr(substr(facet, instr(facet, '-') + 1), '-') - 1),
    retired, published_at, article_id, valid_from, valid_until
from edition_keys where facet like 'language:%-%-%';
