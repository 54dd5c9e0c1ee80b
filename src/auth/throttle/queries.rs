//! Every statement about waits.
use diesel::prelude::*;

use super::model::Memory;
use crate::{
    db::{Conn, schema::sign_in_throttle},
    error::Result,
    ids::AnyId,
    time::Instant,
};

/// What is remembered under this key; what has expired no longer is.
pub fn find(conn: &mut Conn, key: AnyId, now: Instant) -> Result<Option<Memory>> {
    let current = sign_in_throttle::table.find(key).filter(sign_in_throttle::expires_at.gt(now));
    Ok(current.select(Memory::as_select()).first(conn).optional()?)
}

/// Remembers.
pub fn store(conn: &mut Conn, memory: &Memory) -> Result<()> {
    let known = sign_in_throttle::table.find(memory.key);
    if diesel::update(known).set(memory.clone()).execute(conn)? == 0 {
        diesel::insert_into(sign_in_throttle::table).values(memory.clone()).execute(conn)?;
    }
    Ok(())
}

/// Forgets what has expired.
pub fn clear(conn: &mut Conn, now: Instant) -> Result<()> {
    let over = sign_in_throttle::expires_at.le(now);
    diesel::delete(sign_in_throttle::table.filter(over)).execute(conn)?;
    Ok(())
}
