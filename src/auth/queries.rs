//! Every statement about sign-ins.
use diesel::prelude::*;

use super::{
    client::Client,
    model::{Account, Session},
    tokens::{AccessClaims, REFRESH_SECONDS},
};
use crate::{
    db::{
        Conn, found,
        schema::{sessions, users},
    },
    error::Result,
    ids::{SessionId, UserId},
    time::Instant,
};

/// Whether a sign-in runs: it is not over, and ends no later than one would that begins now. One
/// that does was stored by a clock that was ahead, and its tokens are not taken either. Nobody
/// deletes it for that: this server's clock may be the one that is wrong.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_running(now: Instant) -> _ {
    let longest: Instant = now.latest().plus_seconds(REFRESH_SECONDS);
    sessions::expires_at.gt(now).and(sessions::expires_at.le(longest))
}

/// The active user of a running sign-in, unless the token is older than their last change of
/// password or roles.
pub fn find_caller(
    conn: &mut Conn,
    claims: &AccessClaims,
    now: Instant,
) -> Result<Option<(Account, SessionId)>> {
    let found = sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq(claims.sid))
        .filter(is_running(now))
        .filter(users::id.eq(claims.sub))
        .filter(users::active.eq(true))
        .filter(users::token_epoch.eq(claims.epoch))
        .select((Account::as_select(), sessions::id))
        .first(conn);
    Ok(found.optional()?)
}

/// The account with this folded email.
pub fn find_account(conn: &mut Conn, email: &str) -> Result<Option<Account>> {
    let accounts = users::table.filter(users::email.eq(email));
    Ok(accounts.select(Account::as_select()).first(conn).optional()?)
}

/// The account of this user, active or not.
pub fn find(conn: &mut Conn, id: UserId) -> Result<Account> {
    Ok(users::table.find(id).select(Account::as_select()).first(conn)?)
}

/// The account of this user, who may have been deleted or deactivated since they were seen.
pub fn active_account(conn: &mut Conn, id: UserId) -> Result<Option<Account>> {
    let active = users::table.find(id).filter(users::active.eq(true));
    Ok(active.select(Account::as_select()).first(conn).optional()?)
}

/// Starts a sign-in; sign-ins that have run out are cleared away.
pub fn insert(conn: &mut Conn, session: &Session) -> Result<()> {
    let over = sessions::expires_at.le(session.created_at);
    diesel::delete(sessions::table.filter(over)).execute(conn)?;
    diesel::insert_into(sessions::table).values(session.clone()).execute(conn)?;
    Ok(())
}

/// A sign-in that still runs, with its active user.
pub fn find_session(
    conn: &mut Conn,
    id: SessionId,
    now: Instant,
) -> Result<Option<(Session, Account)>> {
    let running = sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq(id))
        .filter(is_running(now))
        .filter(users::active.eq(true));
    let found = running.select((Session::as_select(), Account::as_select())).first(conn);
    Ok(found.optional()?)
}

/// Moves a sign-in to its next refresh token, for the one before it or for a password; answers
/// whether it was still there: a change of the user ends sign-ins without holding each.
pub fn rotate(
    conn: &mut Conn,
    id: SessionId,
    expires_at: Instant,
    exchanged_at: Option<Instant>,
    client: Client,
) -> Result<bool> {
    let moved = diesel::update(sessions::table.find(id))
        .set((
            sessions::generation.eq(sessions::generation + 1),
            sessions::expires_at.eq(expires_at),
            sessions::exchanged_at.eq(exchanged_at),
            sessions::device.eq(client.device),
            sessions::network.eq(client.network),
        ))
        .execute(conn)?;
    Ok(moved > 0)
}

/// Ends a sign-in.
pub fn delete(conn: &mut Conn, id: SessionId) -> Result<()> {
    diesel::delete(sessions::table.find(id)).execute(conn)?;
    Ok(())
}

/// The sign-ins of a user that still run, the newest first.
pub fn sessions_of(
    conn: &mut Conn,
    user: UserId,
    now: Instant,
    limit: i64,
) -> Result<Vec<Session>> {
    let running = sessions::table.filter(sessions::user_id.eq(user)).filter(is_running(now));
    let newest = running.order((sessions::created_at.desc(), sessions::id.desc())).limit(limit);
    Ok(newest.select(Session::as_select()).load(conn)?)
}

/// Ends all sign-ins of a user, those that are under way included; answers whose they were.
pub fn end_all(conn: &mut Conn, user: UserId) -> Result<Account> {
    let account = users::table.find(user);
    diesel::update(account).set(users::token_epoch.eq(users::token_epoch + 1)).execute(conn)?;
    diesel::delete(sessions::table.filter(sessions::user_id.eq(user))).execute(conn)?;
    Ok(account.select(Account::as_select()).first(conn)?)
}

/// Ends all sign-ins of a user but `except`.
pub fn delete_others(conn: &mut Conn, user: UserId, except: SessionId) -> Result<()> {
    let others = sessions::user_id.eq(user).and(sessions::id.ne(except));
    diesel::delete(sessions::table.filter(others)).execute(conn)?;
    Ok(())
}

/// Sets a new password. Access tokens issued before are refused from now on.
pub fn set_password(conn: &mut Conn, id: UserId, hash: &str, now: Instant) -> Result<i32> {
    found(
        diesel::update(users::table.find(id))
            .set((
                users::password_hash.eq(hash),
                users::token_epoch.eq(users::token_epoch + 1),
                users::version.eq(users::version + 1),
                users::updated_at.eq(now),
            ))
            .execute(conn),
    )?;
    Ok(users::table.find(id).select(users::token_epoch).first(conn)?)
}
