//! Every statement about ad slots.
use std::sync::Arc;

use diesel::prelude::*;

use super::model::{AdSlotFilter, AdSlotRow};
use crate::{
    db::{
        Conn,
        schema::ad_slots,
        snapshot::{Part, Snapshot},
        uses::{self, Used},
    },
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
    pub slots: Vec<Arc<AdSlotRow>>,
    /// When one of them ends or another starts.
    pub changes_at: Option<Instant>,
}

/// The ad slots that are shown now, and for how long that holds. There are tens of them.
pub fn showing(snapshot: &mut Snapshot<'_>, now: Instant) -> Result<Showing> {
    let active: Arc<Vec<Arc<AdSlotRow>>> = snapshot.part(Part::AdSlots, |conn| {
        let active = ad_slots::table.filter(ad_slots::active.eq(true)).order(ad_slots::code);
        let rows: Vec<AdSlotRow> = active.select(AdSlotRow::as_select()).load(conn)?;
        Ok(rows.into_iter().map(Arc::new).collect())
    })?;
    let bounds = active.iter().flat_map(|slot| [slot.starts_at, slot.ends_at]).flatten();
    let changes_at = bounds.filter(|at| *at > now).min();
    let shown = |slot: &&Arc<AdSlotRow>| {
        let started = slot.starts_at.is_none_or(|start| start <= now);
        started && slot.ends_at.is_none_or(|end| end > now)
    };
    let slots = active.iter().filter(shown).cloned().collect();
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

/// Whether the body of an article pins the slot.
pub fn is_pinned(conn: &mut Conn, id: AdSlotId, now: Instant) -> Result<bool> {
    let pinning: i64 = uses::articles_using(Used::AdSlot, id, now).count().get_result(conn)?;
    Ok(pinning > 0)
}

/// Deletes an ad slot that no article uses.
pub fn delete(conn: &mut Conn, id: AdSlotId) -> Result<()> {
    diesel::delete(ad_slots::table.find(id)).execute(conn)?;
    Ok(())
}
