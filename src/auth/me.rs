//! The caller's own account.
use actix_web::{get, put};

use super::{
    client::Client,
    guard::{Allow, Caller},
    model::{Account, Me, PasswordChange, Tokens},
    passwords, queries,
    roles::{SignedIn, permissions_of},
    second_factor,
    session::{ENDED, tokens, unchanged},
    throttle::Attempt,
    tokens::{Keys, REFRESH_SECONDS},
};
use crate::{
    db::{Db, journal::Entry},
    error::{Error, Result},
    http::{answer::Answer, body::Body, handlers::ServiceConfig},
};

/// Hangs the routes into the management face.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(read_me).service(change_password);
}

/// Read your own account
///
/// Your roles, the sections you are limited to, and what your roles together allow.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 200, description = "Your account.", body = Me)))]
#[get("/me")]
async fn read_me(allow: Allow<SignedIn>, db: Db) -> Result<Answer> {
    let id = allow.caller.id;
    let me = db
        .read(move |conn| {
            let account = queries::active_account(conn, id)?.ok_or(ENDED)?;
            let factor = second_factor::queries::find(conn, id)?;
            let left = second_factor::queries::codes_left(conn, id)?;
            Ok(Me::new(account, factor.is_some_and(|factor| factor.confirmed), left))
        })
        .await?;
    Answer::ok(&me)
}

impl Me {
    fn new(account: Account, second_factor: bool, recovery_codes_left: i64) -> Self {
        let permissions = permissions_of(&account.roles.0);
        let Account { id, name, email, roles, sections, .. } = account;
        Self {
            id,
            name,
            email,
            roles: roles.0,
            sections: sections.0,
            permissions,
            second_factor,
            recovery_codes_left,
        }
    }
}

/// Change your own password
///
/// Ends every other sign-in of yours. The answer has new tokens for this one; the old ones are
/// refused from now on.
#[utoipa::path(tag = "session", security(("bearer" = [])), request_body = PasswordChange,
    responses((status = 200, description = "Changed.", body = Tokens),
        (status = 422, description = "The current password is wrong, or the new one does not keep the rules."),
        (status = 429, description = "Too many failures.")))]
#[put("/me/password")]
async fn change_password(
    allow: Allow<SignedIn>,
    db: Db,
    keys: Keys,
    client: Client,
    Body(input): Body<PasswordChange>,
) -> Result<Answer> {
    let (id, sid, now) = (allow.caller.id, allow.caller.session, allow.caller.now);
    let (user, attempt) = prove_again(&db, &keys, &allow.caller, input.current_password).await?;
    let hash = passwords::hash(input.new_password, user.about(), "/new_password").await?;
    let (user, session, epoch) = db
        .write(allow.caller, move |tx| {
            tx.lock(id)?;
            tx.lock(sid)?;
            // Hashing took its time: the password that was verified must still be the one.
            unchanged(tx, &user)?;
            let (session, _) = queries::find_session(tx, sid, now)?.ok_or(ENDED)?;
            let epoch = queries::set_password(tx, id, &hash, now)?;
            queries::delete_others(tx, id, sid)?;
            // The refresh token before is good no longer, not even for a while.
            let until = now.plus_seconds(REFRESH_SECONDS);
            if !queries::rotate(tx, sid, until, None, client)? {
                return Err(ENDED);
            }
            attempt.succeeded(tx)?;
            let account = queries::find(tx, id)?;
            tx.record(Entry::new("changed", &account).note("password"))?;
            tx.record(Entry::new("password_changed", &session))?;
            Ok((user, session, epoch))
        })
        .await?;
    Answer::ok(&tokens(&keys, &user, epoch, sid, session.generation + 1, now)?)
}

/// The caller's account, once they have given its password again; and the attempt, which has
/// succeeded once the caller's transaction says so.
pub async fn prove_again(
    db: &Db,
    keys: &Keys,
    caller: &Caller,
    password: String,
) -> Result<(Account, Attempt)> {
    let id = caller.id;
    let account = db.read(move |conn| queries::active_account(conn, id)).await?.ok_or(ENDED)?;
    let attempt = Attempt::of_check(db, keys, caller.clone(), caller.session).await?;
    if !passwords::verify(password, Some(account.password_hash.clone())).await? {
        return Err(Error::invalid("/current_password", "wrong", "is not your password"));
    }
    Ok((account, attempt))
}
