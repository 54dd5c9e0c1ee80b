//! When the database was last backed up, as far as it was told: the server sees no files of others.
use diesel::prelude::*;
use uuid::Uuid;

use super::{
    Conn,
    dialect::{
        self,
        long::{self, For},
    },
    schema::backups,
};
use crate::{config::DatabaseUrl, error::Result, text_enum, time::Instant};

text_enum! {
    /// How a backup was made.
    pub enum BackupKind {
        /// `broadsheet backup`: a copy of the SQLite file.
        Copy = "copy",
        /// `broadsheet export`.
        Export = "export",
        /// By another program, such as `pg_dump`, whose success was told afterwards.
        Other = "other",
    }
}

/// Held by whoever writes the first backup of a kind down.
const FIRST: Uuid = Uuid::from_u128(0x0062_6163_6b75_7073);

/// For how many seconds an instant may lie ahead: clocks of two machines differ by less.
const AHEAD: i64 = 60 * 60;

/// Writes down that the database was backed up as it was at this instant; returns whether there
/// was a place to do so, which a database of an older version does not have.
pub fn record(url: &DatabaseUrl, kind: BackupKind, taken_at: Instant) -> Result<bool> {
    let mut conn = long::connect_to_existing(url, For::Writing)?;
    long::transaction(&mut conn, For::Writing, |conn| {
        if !long::has_table(conn, "backups")? {
            return Ok(false);
        }
        dialect::lock(conn, FIRST)?;
        let known = backups::table.find(kind);
        if diesel::update(known).set(backups::taken_at.eq(taken_at)).execute(conn)? == 0 {
            let first = (backups::kind.eq(kind), backups::taken_at.eq(taken_at));
            diesel::insert_into(backups::table).values(first).execute(conn)?;
        }
        Ok(true)
    })
}

/// When the newest backup was taken; `None` where none is known. An instant that is still to come
/// was written by a clock that is wrong, and tells nothing.
pub fn newest(conn: &mut Conn, now: Instant) -> Result<Option<Instant>> {
    let past = backups::table.filter(backups::taken_at.le(now.plus_seconds(AHEAD)));
    let newest = past.order(backups::taken_at.desc()).select(backups::taken_at);
    Ok(newest.first(conn).optional()?)
}
