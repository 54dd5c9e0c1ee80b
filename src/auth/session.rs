//! Signing in and out, and the caller's own account.
use actix_web::{delete, get, post, put};

use super::{
    guard::{Allow, Guest},
    model::{Account, Me, PasswordChange, RefreshInput, Session, SignIn, Tokens, fold_email},
    passwords, queries,
    roles::{SignedIn, permissions_of},
    throttle::Attempt,
    tokens::{ACCESS_SECONDS, Keys, REFRESH_SECONDS},
};
use crate::{
    db::{Actor, Context, Db, Tx, journal::Entry},
    error::{Error, Result},
    http::{address::Address, answer::Answer, body::Body, service::ServiceConfig},
    ids::SessionId,
    time::Instant,
};

/// Hangs the routes into the management face.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(sign_in).service(refresh_session).service(sign_out);
    cfg.service(read_me).service(change_password);
}

/// Sign in
///
/// Exchanges email and password for an access token, good for 15 minutes, and a refresh token,
/// good for 30 days. Takes no `Idempotency-Key`: tokens are never kept, and every sign-in is one
/// of its own.
#[utoipa::path(tag = "session", request_body = SignIn, responses(
    (status = 200, description = "Signed in.", body = Tokens),
    (status = 401, description = "The email or the password is wrong, or the user is not active."),
    (status = 429, description = "Too many failures.")))]
#[post("/session")]
async fn sign_in(
    guest: Guest,
    db: Db,
    keys: Keys,
    from: Address,
    Body(input): Body<SignIn>,
) -> Result<Answer> {
    let email = fold_email(&input.email);
    let attempt = Attempt::to_sign_in(&db, &keys, guest.0.clone(), &email, from).await?;
    let account = db.read(move |conn| queries::find_account(conn, &email)).await?;
    let account = account.filter(|account| account.active);
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let right = passwords::verify(input.password, hash).await?;
    let Some(account) = account.filter(|_| right) else {
        return Err(Error::Unauthenticated("The email or the password is wrong."));
    };
    let now = guest.0.now;
    let session = Session {
        id: SessionId::new(),
        user_id: account.id,
        generation: 1,
        created_at: now,
        expires_at: now.plus_seconds(REFRESH_SECONDS),
    };
    let tokens = tokens(&keys, &account, account.token_epoch, session.id, 1, now)?;
    db.write(acting(&account, session.id, guest.0), move |tx| {
        attempt.succeeded(tx)?;
        // A new password, or less rights, may have come while the old password was verified:
        // that ended the sign-ins there were, and must not miss this one.
        tx.lock(account.id)?;
        unchanged(tx, &account)?;
        queries::insert(tx, &session)?;
        tx.record(Entry::new("started", &session))
    })
    .await?;
    Answer::ok(&tokens)
}

/// Exchange a refresh token
///
/// Gives the next pair of tokens. Each refresh token is good once: when one comes back a second
/// time, someone else has it, and the whole sign-in is ended.
#[utoipa::path(tag = "session", request_body = RefreshInput, responses(
    (status = 200, description = "The next pair of tokens.", body = Tokens),
    (status = 401, description = "The refresh token is not valid, was used before, or its sign-in has ended.")))]
#[post("/session/refresh")]
async fn refresh_session(
    guest: Guest,
    db: Db,
    keys: Keys,
    Body(input): Body<RefreshInput>,
) -> Result<Answer> {
    let now = guest.0.now;
    let claims = keys.read_refresh(&input.refresh_token, now)?;
    let rotated = db
        .write(guest.0, move |tx| {
            tx.lock(claims.sid)?;
            let Some((session, account)) = queries::find_session(tx, claims.sid, now)? else {
                tx.nothing_to_record("the sign-in has ended already");
                return Ok(None);
            };
            if session.generation != claims.generation {
                queries::delete(tx, session.id)?;
                tx.record(Entry::new("ended", &session).note("refresh token used twice"))?;
                return Ok(None);
            }
            let goes_on = queries::rotate(tx, session.id, now.plus_seconds(REFRESH_SECONDS))?;
            tx.nothing_to_record("the sign-in goes on, or its end is recorded with the user");
            Ok(goes_on.then_some((session, account)))
        })
        .await?;
    let (session, account) = rotated.ok_or(ENDED)?;
    let next = session.generation + 1;
    Answer::ok(&tokens(&keys, &account, account.token_epoch, session.id, next, now)?)
}

/// Sign out
///
/// Ends the sign-in that the access token belongs to; its tokens are refused from now on.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 204, description = "Signed out.")))]
#[delete("/session")]
async fn sign_out(allow: Allow<SignedIn>, db: Db) -> Result<Answer> {
    let (id, now) = (allow.caller.session, allow.caller.now);
    db.write(allow.caller, move |tx| {
        match queries::find_session(tx, id, now)? {
            Some((session, _)) => end(tx, &session)?,
            None => tx.nothing_to_record("the sign-in has ended already"),
        }
        Ok(())
    })
    .await?;
    Ok(Answer::nothing())
}

fn end(tx: &mut Tx<'_>, session: &Session) -> Result<()> {
    queries::delete(tx, session.id)?;
    tx.record(Entry::new("ended", session))
}

/// Read your own account
///
/// Your roles, the sections you are limited to, and what your roles together allow.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 200, description = "Your account.", body = Me)))]
#[get("/me")]
async fn read_me(allow: Allow<SignedIn>, db: Db) -> Result<Answer> {
    let id = allow.caller.id;
    let account = db.read(move |conn| queries::active_account(conn, id)).await?.ok_or(ENDED)?;
    let permissions = permissions_of(&account.roles.0);
    let Account { id, name, email, roles, sections, .. } = account;
    Answer::ok(&Me { id, name, email, roles: roles.0, sections: sections.0, permissions })
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
    Body(input): Body<PasswordChange>,
) -> Result<Answer> {
    let (id, sid, now) = (allow.caller.id, allow.caller.session, allow.caller.now);
    let account = db.read(move |conn| queries::active_account(conn, id)).await?.ok_or(ENDED)?;
    let attempt = Attempt::of_check(&db, &keys, allow.caller.clone(), sid).await?;
    let known = Some(account.password_hash.clone());
    if !passwords::verify(input.current_password, known).await? {
        return Err(Error::invalid("/current_password", "wrong", "is not your password"));
    }
    let hash = passwords::hash(input.new_password, account.about(), "/new_password").await?;
    let (account, session, epoch) = db
        .write(allow.caller, move |tx| {
            attempt.succeeded(tx)?;
            tx.lock(id)?;
            tx.lock(sid)?;
            // Hashing took its time: the password that was verified must still be the one.
            unchanged(tx, &account)?;
            let (session, _) = queries::find_session(tx, sid, now)?.ok_or(ENDED)?;
            let epoch = queries::set_password(tx, id, &hash, now)?;
            queries::delete_others(tx, id, sid)?;
            if !queries::rotate(tx, sid, now.plus_seconds(REFRESH_SECONDS))? {
                return Err(ENDED);
            }
            tx.record(Entry::new("password_changed", &session))?;
            Ok((account, session, epoch))
        })
        .await?;
    Answer::ok(&tokens(&keys, &account, epoch, sid, session.generation + 1, now)?)
}

/// What a token of a sign-in that is over is answered with.
const ENDED: Error = Error::Unauthenticated("This sign-in has ended. Sign in again.");

/// Refuses if the password or the rights have changed since the account was read. The caller
/// holds the user's lock.
fn unchanged(tx: &mut Tx<'_>, seen: &Account) -> Result<()> {
    let known = queries::active_account(tx, seen.id)?;
    let same = |known: &Account| {
        (known.token_epoch, &known.password_hash) == (seen.token_epoch, &seen.password_hash)
    };
    known.filter(same).map(drop).ok_or(CHANGED)
}

const CHANGED: Error =
    Error::Unauthenticated("The password or the rights have just changed. Sign in again.");

fn tokens(
    keys: &Keys,
    account: &Account,
    epoch: i32,
    session: SessionId,
    generation: i32,
    now: Instant,
) -> Result<Tokens> {
    Ok(Tokens {
        access_token: keys.access(account.id, session, epoch, now)?,
        token_type: "Bearer",
        expires_in: ACCESS_SECONDS,
        refresh_token: keys.refresh(session, generation, now)?,
        refresh_expires_in: REFRESH_SECONDS,
    })
}

fn acting(account: &Account, session: SessionId, request: Context) -> Context {
    let (id, name) = (account.id, account.name.clone());
    Context { actor: Actor::User { id, name, session }, ..request }
}
