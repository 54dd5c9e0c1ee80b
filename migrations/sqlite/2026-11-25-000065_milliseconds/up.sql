-- Instants are whole milliseconds from here on. Cutting off keeps every order: what ended when the
-- next began still does, and no start moves behind its end.
-- None lies before 1970, where the remainder would have the other sign.
update journal set
    at = at - at % 1000;
update idempotency_keys set
    created_at = created_at - created_at % 1000;
update users set
    created_at = created_at - created_at % 1000,
    updated_at = updated_at - updated_at % 1000;
update sessions set
    created_at = created_at - created_at % 1000,
    expires_at = expires_at - expires_at % 1000,
    exchanged_at = exchanged_at - exchanged_at % 1000;
update sections set
    created_at = created_at - created_at % 1000,
    updated_at = updated_at - updated_at % 1000;
update section_redirects set
    created_at = created_at - created_at % 1000;
update media_credits set
    created_at = created_at - created_at % 1000,
    updated_at = updated_at - updated_at % 1000;
update media set
    rights_expires_at = rights_expires_at - rights_expires_at % 1000,
    created_at = created_at - created_at % 1000,
    updated_at = updated_at - updated_at % 1000;
update ad_slots set
    starts_at = starts_at - starts_at % 1000,
    ends_at = ends_at - ends_at % 1000,
    created_at = created_at - created_at % 1000,
    updated_at = updated_at - updated_at % 1000;
-- A slot ends after it starts.
update ad_slots set ends_at = starts_at + 1000 where ends_at <= starts_at;
update articles set
    first_published_at = first_published_at - first_published_at % 1000,
    published_at = published_at - published_at % 1000,
    approved_at = approved_at - approved_at % 1000,
    created_at = created_at - created_at % 1000,
    updated_at = updated_at - updated_at % 1000;
update related_links set
    created_at = created_at - created_at % 1000,
    updated_at = updated_at - updated_at % 1000;
-- A leap second at its start could put an end before it.
update editions set valid_until = max(valid_until, valid_from),
    planned_until = max(planned_until, valid_from)
where valid_until < valid_from or planned_until < valid_from;
update editions set
    valid_from = valid_from - valid_from % 1000,
    valid_until = valid_until - valid_until % 1000,
    planned_until = planned_until - planned_until % 1000,
    published_at = published_at - published_at % 1000,
    first_published_at = first_published_at - first_published_at % 1000,
    modified_at = modified_at - modified_at % 1000,
    created_at = created_at - created_at % 1000,
    withdrawn_at = withdrawn_at - withdrawn_at % 1000;
-- One that was meant to be public for less than a millisecond has none of them left.
update editions set planned_until = valid_from + 1000 where planned_until <= valid_from;
update edition_keys set
    published_at = published_at - published_at % 1000,
    valid_from = valid_from - valid_from % 1000,
    valid_until = valid_until - valid_until % 1000;
update edition_keys set valid_until = valid_from where valid_until < valid_from;
update comment_threads set
    updated_at = updated_at - updated_at % 1000;
update comments set
    created_at = created_at - created_at % 1000,
    updated_at = updated_at - updated_at % 1000;
update comment_reports set
    created_at = created_at - created_at % 1000;
update comment_words set
    created_at = created_at - created_at % 1000,
    updated_at = updated_at - updated_at % 1000;
update comment_posts set
    posted_at = posted_at - posted_at % 1000;
update journal_readers set
    held_until = held_until - held_until % 1000;
update sign_in_throttle set
    free_at = free_at - free_at % 1000,
    forgiven_at = forgiven_at - forgiven_at % 1000,
    known_until = known_until - known_until % 1000,
    expires_at = expires_at - expires_at % 1000;
update second_factors set
    created_at = created_at - created_at % 1000;
update backups set
    taken_at = taken_at - taken_at % 1000;
