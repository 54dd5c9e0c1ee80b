//! Every statement about second factors.
use diesel::prelude::*;

use super::{model::Factor, recovery::digest};
use crate::{
    db::{
        Conn,
        dialect::batch::insert_all,
        schema::{recovery_codes, second_factors},
    },
    error::Result,
    ids::UserId,
};

/// The user's, confirmed or not.
pub fn find(conn: &mut Conn, user: UserId) -> Result<Option<Factor>> {
    let own = second_factors::table.find(user);
    Ok(own.select(Factor::as_select()).first(conn).optional()?)
}

/// Takes the place of the one there was.
pub fn store(conn: &mut Conn, factor: &Factor) -> Result<()> {
    let own = second_factors::table.find(factor.user_id);
    if diesel::update(own).set(factor.clone()).execute(conn)? == 0 {
        diesel::insert_into(second_factors::table).values(factor.clone()).execute(conn)?;
    }
    Ok(())
}

/// Takes the factor and its recovery codes away; answers whether there was one in force.
pub fn delete(conn: &mut Conn, user: UserId) -> Result<bool> {
    let was = find(conn, user)?.is_some_and(|factor| factor.confirmed);
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).execute(conn)?;
    diesel::delete(second_factors::table.find(user)).execute(conn)?;
    Ok(was)
}

/// Sets new recovery codes in the place of those there were.
pub fn replace_codes(conn: &mut Conn, user: UserId, codes: &[String]) -> Result<()> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).execute(conn)?;
    let rows: Vec<_> = codes
        .iter()
        .map(|code| (recovery_codes::user_id.eq(user), recovery_codes::digest.eq(digest(code))))
        .collect();
    Ok(insert_all!(conn, recovery_codes::table, rows)?)
}

/// Uses a recovery code up; answers whether there was such a one.
pub fn use_code(conn: &mut Conn, user: UserId, code: &str) -> Result<bool> {
    let same = recovery_codes::table.find((user, digest(code)));
    Ok(diesel::delete(same).execute(conn)? > 0)
}

/// How many recovery codes are left.
pub fn codes_left(conn: &mut Conn, user: UserId) -> Result<i64> {
    let own = recovery_codes::table.filter(recovery_codes::user_id.eq(user));
    Ok(own.count().get_result(conn)?)
}
