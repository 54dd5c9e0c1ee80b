//! What pages ask that no other room does: authors' names, and what of the past still shows.
use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use crate::{
    articles::editions::{self, queries::When},
    db::{Conn, any_of::any_of, schema::users},
    error::Result,
    http::cache::Made,
    ids::{ArticleId, UserId},
    sections::tree::Tree,
};

/// The names of these users. One statement for any number; none for nobody.
pub fn author_names(conn: &mut Conn, ids: &[UserId]) -> Result<HashMap<UserId, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let named = users::table.filter(any_of(users::id, ids.iter().copied()));
    let rows: Vec<(UserId, String)> = named.select((users::id, users::name)).load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Of these articles, shown as they were, those that readers still have: where the present
/// edition ends, or stands in a hidden section, the past one goes with it.
pub fn still_shown(
    conn: &mut Conn,
    tree: &Tree,
    ids: &[ArticleId],
    when: When,
    made: &mut Made,
) -> Result<HashSet<ArticleId>> {
    let now = When { at: when.now, ..when };
    let mut shown = HashSet::new();
    for present in editions::queries::listed_or_coming(conn, ids, now)? {
        made.changes_at(Some(present.valid_from), when.now);
        made.changes_at(Some(present.valid_until), when.now);
        if present.valid_from <= when.now && tree.get(present.section_id).is_some() {
            shown.insert(present.article_id);
        }
    }
    Ok(shown)
}
