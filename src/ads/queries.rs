//! Every statement about ad slots.
use diesel::prelude::*;

use super::model::{AdSlotFilter, AdSlotRow};
use crate::{
    db::{Conn, schema::ad_slots},
    error::{Refused, Result},
    http::cursor::Rows,
    ids::AdSlotId,
    time::Instant,
};

const TAKEN: &str = "Another ad slot has this code.";

/// One ad slot.
pub fn find(conn: &mut Conn, id: AdSlotId) -> Result<AdSlotRow> {
    Ok(ad_slots::table.find(id).select(AdSlotRow::as_select()).first(conn)?)
}

/// Ad slots by code, one more than the limit.
pub fn page(
    conn: &mut Conn,
    filter: &AdSlotFilter,
    after: Option<String>,
) -> Result<Rows<AdSlotRow>> {
    let filtered = || {
        let mut rows = ad_slots::table.into_boxed();
        if let Some(placement) = filter.placement {
            rows = rows.filter(ad_slots::placement.eq(placement));
        }
        if let Some(active) = filter.active {
            rows = rows.filter(ad_slots::active.eq(active));
        }
        rows
    };
    let total = filter.total.then(|| filtered().count().get_result(conn)).transpose()?;
    let mut rows = filtered()
        .order(ad_slots::code)
        .limit(filter.limit.rows() + 1)
        .select(AdSlotRow::as_select());
    if let Some(code) = after {
        rows = rows.filter(ad_slots::code.gt(code));
    }
    Ok(Rows { rows: rows.load(conn)?, total })
}

/// The ad slots of one instant.
#[derive(Debug, Default)]
pub struct Showing {
    /// Those that are shown, by code.
    pub slots: Vec<AdSlotRow>,
    /// When one of them ends or another starts.
    pub changes_at: Option<Instant>,
}

/// The ad slots that are shown now, and for how long that holds. There are tens, so those that
/// start later come along in the same statement.
pub fn showing(conn: &mut Conn, now: Instant) -> Result<Showing> {
    let rows: Vec<AdSlotRow> = ad_slots::table
        .filter(ad_slots::active.eq(true))
        .filter(ad_slots::ends_at.is_null().or(ad_slots::ends_at.gt(now)))
        .order(ad_slots::code)
        .select(AdSlotRow::as_select())
        .load(conn)?;
    let bounds = rows.iter().flat_map(|slot| [slot.starts_at, slot.ends_at]).flatten();
    let changes_at = bounds.filter(|at| *at > now).min();
    let started = |slot: &AdSlotRow| slot.starts_at.is_none_or(|start| start <= now);
    let slots = rows.into_iter().filter(started).collect();
    Ok(Showing { slots, changes_at })
}

/// Stores a new ad slot.
pub fn insert(conn: &mut Conn, slot: &AdSlotRow) -> Result<()> {
    diesel::insert_into(ad_slots::table).values(slot).execute(conn).or_taken("/code", TAKEN)?;
    Ok(())
}

/// Stores a changed ad slot.
pub fn replace(conn: &mut Conn, slot: &AdSlotRow) -> Result<()> {
    diesel::update(ad_slots::table.find(slot.id))
        .set(slot)
        .execute(conn)
        .or_taken("/code", TAKEN)?;
    Ok(())
}

/// Deletes an ad slot that no article uses.
pub fn delete(conn: &mut Conn, id: AdSlotId) -> Result<()> {
    diesel::delete(ad_slots::table.find(id)).execute(conn)?;
    Ok(())
}
