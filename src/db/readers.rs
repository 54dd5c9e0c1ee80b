//! Readers of the journal: how far each has come, and which server does its work now.
use diesel::prelude::*;
use uuid::Uuid;

use super::{Conn, Tx, journal, schema::journal_readers};
use crate::{error::Result, ids::AnyId, time::Instant};

/// For how many seconds a server may do a reader's work before another may, unless it says again
/// that it is still at it: as long as that nobody does the work of a server that was killed.
const TURN: i64 = 5;

/// Makes places of new readers one after the other.
const FIRST: Uuid = Uuid::from_u128(0x0072_6561_6465_7273);

/// How far a reader has come, and who does its work.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = journal_readers)]
pub struct Reader {
    /// The place in the journal up to which everything is done.
    pub seq: i64,
    held_by: Option<AnyId>,
    held_until: Option<Instant>,
}

impl Reader {
    /// Whether it is another server's turn.
    pub fn is_held_from(&self, server: Uuid, now: Instant) -> bool {
        self.held_by.is_some_and(|holder| holder.0 != server)
            && self.held_until.is_some_and(|until| until > now && until <= latest(now))
    }
}

/// When a turn ends that begins now.
fn end(now: Instant) -> Instant {
    now.plus_seconds(TURN)
}

/// A turn that would end later than that was given by a clock that is wrong, and does not count.
/// Two clocks that are right never agree to the last, so they may differ by as much as a turn.
fn latest(now: Instant) -> Instant {
    now.plus_seconds(2 * TURN)
}

/// Where this reader is.
pub fn find(conn: &mut Conn, name: &str) -> Result<Reader> {
    Ok(journal_readers::table.find(name).select(Reader::as_select()).first(conn)?)
}

/// Makes a place for a reader that is new: at the journal's present end.
pub fn begin(tx: &mut Tx<'_>, name: &str) -> Result<()> {
    tx.lock(FIRST)?;
    let known: i64 = journal_readers::table.find(name).count().get_result(&mut **tx)?;
    if known == 0 {
        let last = journal::last(tx)?;
        let place = (journal_readers::name.eq(name), journal_readers::seq.eq(last));
        diesel::insert_into(journal_readers::table).values(place).execute(&mut **tx)?;
    }
    Ok(())
}

/// Makes it this server's turn, or lets its turn begin anew; until when, or `None` where another
/// has its turn or has done the work after `seq`.
pub fn take(
    conn: &mut Conn,
    name: &str,
    seq: i64,
    server: Uuid,
    now: Instant,
) -> Result<Option<Instant>> {
    use journal_readers::{held_by, held_until};
    let until = end(now);
    let free = held_until
        .is_null()
        .or(held_by.eq(AnyId(server)))
        .or(held_until.le(now))
        .or(held_until.gt(latest(now)));
    let place = journal_readers::table.find(name).filter(journal_readers::seq.eq(seq)).filter(free);
    let taken = diesel::update(place)
        .set((held_by.eq(AnyId(server)), held_until.eq(until)))
        .execute(conn)?;
    Ok((taken == 1).then_some(until))
}

/// The work up to `seq` is done; ends this server's turn, unless it is to go `on`. Returns until
/// when it does.
pub fn advance(
    conn: &mut Conn,
    name: &str,
    seq: i64,
    server: Uuid,
    on: Option<Instant>,
) -> Result<Option<Instant>> {
    use journal_readers::{held_by, held_until};
    let until = on.map(end);
    let own = journal_readers::table
        .find(name)
        .filter(held_by.eq(AnyId(server)))
        .filter(journal_readers::seq.lt(seq));
    let moved = diesel::update(own)
        .set((
            journal_readers::seq.eq(seq),
            held_by.eq(until.map(|_| AnyId(server))),
            held_until.eq(until),
        ))
        .execute(conn)?;
    Ok(until.filter(|_| moved == 1))
}

/// Ends this server's turn.
pub fn leave(conn: &mut Conn, name: &str, server: Uuid) -> Result<()> {
    use journal_readers::{held_by, held_until};
    let own = journal_readers::table.find(name).filter(held_by.eq(AnyId(server)));
    diesel::update(own)
        .set((held_by.eq(None::<AnyId>), held_until.eq(None::<Instant>)))
        .execute(conn)?;
    Ok(())
}
