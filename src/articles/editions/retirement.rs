//! Retirement: editions that ended long ago stand out of the way of lists, which walk over the
//! others alone.
//!
//! It is done by the clock, and the clock may be wrong. What one that was ahead has retired too
//! early comes back with the next change after that.
use std::collections::HashSet;

use diesel::{dsl::not, prelude::*};

use crate::{
    db::{
        Conn,
        schema::{edition_keys, editions},
    },
    error::Result,
    ids::AnyId,
    tags::{Facet, Tag},
    time::Instant,
};

/// How long an edition that ended stays among those that lists walk over, in seconds: longer
/// than the clocks of two servers can differ.
const RETIRED_AFTER: i64 = 60 * 60;
/// How many editions are retired, or brought back, along with one change.
const AT_ONCE: i64 = 50;

/// Whether an edition that was public at `at` can have been retired by `now`, by whatever clock.
pub fn can_have_retired(at: Instant, now: Instant) -> bool {
    at < now.plus_seconds(-RETIRED_AFTER / 2)
}

/// Retires what ended, a little with every change, so that there is nothing to run on a schedule.
/// Nothing that readers see depends on that. Answers which lists get something back that a clock
/// which was ahead had retired too early.
pub fn go_on(conn: &mut Conn, now: Instant) -> Result<HashSet<Tag>> {
    let ended: Vec<AnyId> = editions::table
        .filter(editions::retired.eq(false))
        .filter(editions::valid_until.lt(now.plus_seconds(-RETIRED_AFTER)))
        .select(editions::id)
        .limit(AT_ONCE)
        .load(conn)?;
    set(conn, ended, true)?;
    let early: Vec<AnyId> = editions::table
        .filter(editions::retired.eq(true))
        .filter(editions::valid_until.gt(now))
        .select(editions::id)
        .limit(AT_ONCE)
        .load(conn)?;
    if early.is_empty() {
        return Ok(HashSet::new());
    }
    let lists = edition_keys::table.filter(edition_keys::edition_id.eq_any(early.clone()));
    let lists: Vec<String> = lists.select(edition_keys::facet).distinct().load(conn)?;
    set(conn, early, false)?;
    Ok(lists.into_iter().map(|name| Tag::List(Facet::stored(name))).collect())
}

fn set(conn: &mut Conn, these: Vec<AnyId>, retired: bool) -> Result<()> {
    if these.is_empty() {
        return Ok(());
    }
    let keys = edition_keys::edition_id.eq_any(these.clone());
    let keys = keys.and(not(edition_keys::retired.eq(retired)));
    diesel::update(edition_keys::table.filter(keys))
        .set(edition_keys::retired.eq(retired))
        .execute(conn)?;
    diesel::update(editions::table.filter(editions::id.eq_any(these)))
        .set(editions::retired.eq(retired))
        .execute(conn)?;
    Ok(())
}
