//! Every statement about credits.
use diesel::prelude::*;

use super::model::{CreditFilter, CreditRow};
use crate::{
    auth::guard::Caller,
    db::{
        Conn,
        schema::{media, media_credits},
    },
    error::Result,
    http::cursor::Rows,
    ids::{CreditId, MediaId},
    media::own,
    time::Instant,
};

/// One credit.
pub fn find(conn: &mut Conn, id: CreditId) -> Result<CreditRow> {
    Ok(media_credits::table.find(id).select(CreditRow::as_select()).first(conn)?)
}

/// One credit, for a caller who wants to change it.
pub fn find_own(conn: &mut Conn, id: CreditId, caller: &Caller) -> Result<CreditRow> {
    let credit = find(conn, id)?;
    own::check(caller, credit.created_by)?;
    Ok(credit)
}

/// Credits, newest first, one more than the limit.
pub fn page(
    conn: &mut Conn,
    filter: &CreditFilter,
    after: Option<(Instant, CreditId)>,
) -> Result<Rows<CreditRow>> {
    let count = || media_credits::table.count();
    let total = filter.total.then(|| count().get_result(conn)).transpose()?;
    let mut rows = media_credits::table
        .order((media_credits::created_at.desc(), media_credits::id.desc()))
        .limit(filter.limit.rows() + 1)
        .select(CreditRow::as_select())
        .into_boxed();
    if let Some((at, id)) = after {
        let rest = media_credits::created_at.lt(at).or(media_credits::id.lt(id));
        rows = rows.filter(media_credits::created_at.le(at).and(rest));
    }
    Ok(Rows { rows: rows.load(conn)?, total })
}

/// Stores a new credit.
pub fn insert(conn: &mut Conn, credit: &CreditRow) -> Result<()> {
    diesel::insert_into(media_credits::table).values(credit).execute(conn)?;
    Ok(())
}

/// Stores a changed credit.
pub fn replace(conn: &mut Conn, credit: &CreditRow) -> Result<()> {
    diesel::update(media_credits::table.find(credit.id)).set(credit).execute(conn)?;
    Ok(())
}

/// The media that name a credit, the oldest first.
pub fn media_naming(conn: &mut Conn, id: CreditId) -> Result<Vec<MediaId>> {
    let naming = media::table.filter(media::credit_id.eq(id));
    Ok(naming.order((media::created_at, media::id)).select(media::id).load(conn)?)
}

/// Deletes a credit that no medium names.
pub fn delete(conn: &mut Conn, id: CreditId) -> Result<()> {
    diesel::delete(media_credits::table.find(id)).execute(conn)?;
    Ok(())
}
