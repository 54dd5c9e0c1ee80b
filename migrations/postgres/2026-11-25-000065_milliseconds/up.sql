-- Instants are whole milliseconds from here on. Cutting off keeps every order: what ended when the
-- next began still does, and no start moves behind its end.
update journal set
    at = date_trunc('milliseconds', at);
update idempotency_keys set
    created_at = date_trunc('milliseconds', created_at);
update users set
    created_at = date_trunc('milliseconds', created_at),
    updated_at = date_trunc('milliseconds', updated_at);
update sessions set
    created_at = date_trunc('milliseconds', created_at),
    expires_at = date_trunc('milliseconds', expires_at),
    exchanged_at = date_trunc('milliseconds', exchanged_at);
update sections set
    created_at = date_trunc('milliseconds', created_at),
    updated_at = date_trunc('milliseconds', updated_at);
update section_redirects set
    created_at = date_trunc('milliseconds', created_at);
update media_credits set
    created_at = date_trunc('milliseconds', created_at),
    updated_at = date_trunc('milliseconds', updated_at);
update media set
    rights_expires_at = date_trunc('milliseconds', rights_expires_at),
    created_at = date_trunc('milliseconds', created_at),
    updated_at = date_trunc('milliseconds', updated_at);
update ad_slots set
    starts_at = date_trunc('milliseconds', starts_at),
    ends_at = date_trunc('milliseconds', ends_at),
    created_at = date_trunc('milliseconds', created_at),
    updated_at = date_trunc('milliseconds', updated_at);
-- A slot ends after it starts.
update ad_slots set ends_at = starts_at + interval '1 millisecond' where ends_at <= starts_at;
update articles set
    first_published_at = date_trunc('milliseconds', first_published_at),
    published_at = date_trunc('milliseconds', published_at),
    approved_at = date_trunc('milliseconds', approved_at),
    created_at = date_trunc('milliseconds', created_at),
    updated_at = date_trunc('milliseconds', updated_at);
update related_links set
    created_at = date_trunc('milliseconds', created_at),
    updated_at = date_trunc('milliseconds', updated_at);
-- A leap second at its start could put an end before it.
update editions set valid_until = greatest(valid_until, valid_from),
    planned_until = greatest(planned_until, valid_from)
where valid_until < valid_from or planned_until < valid_from;
update editions set
    valid_from = date_trunc('milliseconds', valid_from),
    valid_until = date_trunc('milliseconds', valid_until),
    planned_until = date_trunc('milliseconds', planned_until),
    published_at = date_trunc('milliseconds', published_at),
    first_published_at = date_trunc('milliseconds', first_published_at),
    modified_at = date_trunc('milliseconds', modified_at),
    created_at = date_trunc('milliseconds', created_at),
    withdrawn_at = date_trunc('milliseconds', withdrawn_at);
-- One that was meant to be public for less than a millisecond has none of them left.
update editions set planned_until = valid_from + interval '1 millisecond' where planned_until <= valid_from;
update edition_keys set
    published_at = date_trunc('milliseconds', published_at),
    valid_from = date_trunc('milliseconds', valid_from),
    valid_until = date_trunc('milliseconds', valid_until);
update edition_keys set valid_until = valid_from where valid_until < valid_from;
update comment_threads set
    updated_at = date_trunc('milliseconds', updated_at);
update comments set
    created_at = date_trunc('milliseconds', created_at),
    updated_at = date_trunc('milliseconds', updated_at);
update comment_reports set
    created_at = date_trunc('milliseconds', created_at);
update comment_words set
    created_at = date_trunc('milliseconds', created_at),
    updated_at = date_trunc('milliseconds', updated_at);
update comment_posts set
    posted_at = date_trunc('milliseconds', posted_at);
update journal_readers set
    held_until = date_trunc('milliseconds', held_until);
update sign_in_throttle set
    free_at = date_trunc('milliseconds', free_at),
    forgiven_at = date_trunc('milliseconds', forgiven_at),
    known_until = date_trunc('milliseconds', known_until),
    expires_at = date_trunc('milliseconds', expires_at);
update second_factors set
    created_at = date_trunc('milliseconds', created_at);
update backups set
    taken_at = date_trunc('milliseconds', taken_at);
