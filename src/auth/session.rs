//! Signing in and out.
use actix_web::{delete, get, post};

use super::{
    client::Client,
    guard::{Allow, Caller, Guest},
    model::{Account, Presented, RefreshInput, Session, SignIn, SignIns, Tokens, fold_email},
    passwords, queries,
    roles::{Role, SignedIn},
    second_factor::{self, Shown},
    throttle::Attempt,
    tokens::{ACCESS_SECONDS, Keys, REFRESH_SECONDS},
};
use crate::{
    db::{Actor, Conn, Context, Db, Tx, journal::Entry},
    error::{Error, Result, request_id},
    http::{
        address::Address,
        answer::Answer,
        body::Body,
        handlers::ServiceConfig,
        meter::{Factor, Meter},
        path::Id,
    },
    ids::{SessionId, UserId},
    time::Instant,
};

/// The most sign-ins that are listed.
const LISTED: i64 = 100;

/// Hangs the routes into the management face.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(sign_in).service(refresh_session).service(sign_out);
    cfg.service(list_sessions).service(end_session).service(sign_out_everywhere);
}

/// Sign in
///
/// Exchanges email and password for an access token, good for 15 minutes, and a refresh token,
/// good for 30 days. Where the user has a second factor, the first answer to the right password
/// is 401 with an entry for `/code` in `errors`, of code `required`; send both then. Takes no
/// `Idempotency-Key`: tokens are never kept, and every sign-in is one of its own.
#[utoipa::path(tag = "session", request_body = SignIn, responses(
    (status = 200, description = "Signed in.", body = Tokens),
    (status = 401, description = "The email or the password is wrong, or the user is not active; or, with an entry for `/code` in `errors`, that code is `required` or `wrong`."),
    (status = 429, description = "Too many failures.")))]
#[post("/session")]
async fn sign_in(
    guest: Guest,
    db: Db,
    keys: Keys,
    meter: Meter,
    from: Address,
    client: Client,
    Body(input): Body<SignIn>,
) -> Result<Answer> {
    let email = fold_email(&input.email);
    let attempt = Attempt::to_sign_in(&db, &keys, guest.0.clone(), &email, from).await?;
    let account = proven(&db, &meter, email, input.password).await?;
    let (user, session) = (account.id, Session::new(account.id, client, guest.0.now));
    let tokens = tokens(&keys, &account, account.token_epoch, session.id, 1, guest.0.now)?;
    let shown = start(db, keys, guest.0, attempt, account, session, input.code).await?;
    if matches!(shown, Shown::Wrong) {
        note_refusal(&meter, Factor::Code, Some(user));
    }
    shown.refusal().map_or(Ok(()), Err)?;
    Answer::ok(&tokens)
}

/// The account that email and password belong to. An unknown email takes as long to refuse as a
/// wrong password.
async fn proven(db: &Db, meter: &Meter, email: String, password: String) -> Result<Account> {
    let account = db.read(move |conn| queries::find_account(conn, &email)).await?;
    let account = account.filter(|account| account.active);
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let right = passwords::verify(password, hash).await?;
    if !right {
        note_refusal(meter, Factor::Password, account.as_ref().map(|account| account.id));
    }
    let wrong = Error::Unauthenticated("The email or the password is wrong.");
    account.filter(|_| right).ok_or(wrong)
}

/// Tells those who watch the log; the journal has what happened, not what was only tried.
fn note_refusal(meter: &Meter, factor: Factor, user: Option<UserId>) {
    meter.refuse_sign_in(factor);
    let (request_id, user_id) = (request_id(), user.map(|id| id.to_string()));
    tracing::warn!(request_id, user_id, factor = factor.name(), "a sign-in was refused");
}

/// Starts a sign-in whose password is right, where the second factor is shown or not needed.
async fn start(
    db: Db,
    keys: Keys,
    by: Context,
    attempt: Attempt,
    account: Account,
    session: Session,
    code: Option<String>,
) -> Result<Shown> {
    let of_code = match &code {
        Some(_) if !attempt.is_known => {
            Some(Attempt::of_code(&db, &keys, by.clone(), account.id).await?)
        }
        _ => None,
    };
    db.write(acting(&account, session.id, by), move |tx| {
        // A new password, or less rights, may have come while the old password was verified:
        // that ended the sign-ins there were, and must not miss this one.
        tx.lock(account.id)?;
        unchanged(tx, &account)?;
        let shown = second_factor::take(tx, &keys, &account, code.as_deref())?;
        match shown {
            Shown::Missing => attempt.take_back(tx)?,
            Shown::Wrong => {}
            Shown::NotNeeded | Shown::Code | Shown::Recovery => {
                attempt.succeeded(tx)?;
                of_code.map_or(Ok(()), |attempt| attempt.succeeded(tx))?;
                queries::insert(tx, &session)?;
                tx.record(shown.noted(Entry::new("started", &session)))?;
            }
        }
        tx.nothing_to_record("without its second factor it is no sign-in");
        Ok(shown)
    })
    .await
}

/// Exchange a refresh token
///
/// Gives the next pair of tokens. Each refresh token is good once. Where the answer got lost, or
/// two windows asked at the same time, the token brings the same new refresh token again, for 30
/// seconds and as long as that one was not used. When it comes back after that, someone else has
/// it, and the whole sign-in is ended.
#[utoipa::path(tag = "session", request_body = RefreshInput, responses(
    (status = 200, description = "The next pair of tokens.", body = Tokens),
    (status = 401, description = "The refresh token is not valid, was used before, or its sign-in has ended.")))]
#[post("/session/refresh")]
async fn refresh_session(
    guest: Guest,
    db: Db,
    keys: Keys,
    meter: Meter,
    client: Client,
    Body(input): Body<RefreshInput>,
) -> Result<Answer> {
    let now = guest.0.now;
    // Counted, but no line in the log: most are old tokens of people who come back after weeks.
    let refused = || meter.refuse_sign_in(Factor::RefreshToken);
    let claims = keys.read_refresh(&input.refresh_token, now).inspect_err(|_| refused())?;
    let rotated = db
        .write(guest.0, move |tx| {
            tx.lock(claims.sid)?;
            let Some((session, account)) = queries::find_session(tx, claims.sid, now)? else {
                tx.nothing_to_record("the sign-in has ended already");
                return Ok(None);
            };
            let (goes_on, next, issued) = match session.presented(claims.generation, now) {
                Presented::Reused => {
                    queries::delete(tx, session.id)?;
                    tx.record(Entry::new("ended", &session).note("refresh token used twice"))?;
                    return Ok(None);
                }
                Presented::Again(at) => (true, session.generation, at),
                Presented::Next => {
                    let until = now.plus_seconds(REFRESH_SECONDS);
                    let goes_on = queries::rotate(tx, session.id, until, Some(now), client)?;
                    (goes_on, session.generation + 1, now)
                }
            };
            tx.nothing_to_record("the sign-in goes on, or its end is recorded with the user");
            Ok(goes_on.then_some((account, next, issued)))
        })
        .await?;
    let (account, next, issued) = rotated.ok_or(ENDED).inspect_err(|_| refused())?;
    let Tokens { access_token, token_type, expires_in, .. } =
        tokens(&keys, &account, account.token_epoch, claims.sid, next, now)?;
    // Signed over the same again, it is the same: nothing of it has to be kept.
    let refresh_token = keys.refresh(claims.sid, next, issued)?;
    let refresh_expires_in = REFRESH_SECONDS - (now.seconds() - issued.seconds()).max(0);
    Answer::ok(&Tokens { access_token, token_type, expires_in, refresh_token, refresh_expires_in })
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

/// List your sign-ins
///
/// Wherever you are signed in now: by which program, from which network, and when it was last used.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 200, description = "Your sign-ins.", body = SignIns)))]
#[get("/sessions")]
async fn list_sessions(allow: Allow<SignedIn>, db: Db) -> Result<Answer> {
    let Caller { id, session, now, .. } = allow.caller;
    Answer::ok(&db.read(move |conn| sign_ins(conn, id, session, now)).await?)
}

/// The sign-ins of a user that run, as they are listed to whoever came by the sign-in `current`.
pub fn sign_ins(
    conn: &mut Conn,
    user: UserId,
    current: SessionId,
    now: Instant,
) -> Result<SignIns> {
    let running = queries::sessions_of(conn, user, now, LISTED)?;
    Ok(SignIns { data: running.into_iter().map(|one| one.listed(current)).collect() })
}

/// End a sign-in
///
/// One of your own, or, as an administrator, anybody's; its tokens are refused from now on.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 204, description = "Ended.")))]
#[delete("/sessions/{id}")]
async fn end_session(allow: Allow<SignedIn>, db: Db, id: Id<SessionId>) -> Result<Answer> {
    let (user, now) = (allow.caller.id, allow.caller.now);
    let may_all = allow.caller.is(Role::Admin);
    db.write(allow.caller, move |tx| {
        tx.lock(id.0)?;
        let found = queries::find_session(tx, id.0, now)?.map(|(session, _)| session);
        let found = found.filter(|session| may_all || session.user_id == user);
        end(tx, &found.ok_or(Error::NotFound)?)
    })
    .await?;
    Ok(Answer::nothing())
}

/// Sign out everywhere
///
/// Ends all your sign-ins, this one included; their tokens are refused from now on.
#[utoipa::path(tag = "session", security(("bearer" = [])),
    responses((status = 204, description = "Signed out.")))]
#[delete("/sessions")]
async fn sign_out_everywhere(allow: Allow<SignedIn>, db: Db) -> Result<Answer> {
    let id = allow.caller.id;
    db.write(allow.caller, move |tx| end_all(tx, id)).await?;
    Ok(Answer::nothing())
}

/// Ends all sign-ins of a user: by themselves, or by an administrator. 404 where there is none.
pub fn end_all(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    tx.lock(user)?;
    let account = queries::end_all(tx, user)?;
    tx.record(Entry::new("signed_out_everywhere", &account))
}

/// What a token of a sign-in that is over is answered with.
pub const ENDED: Error = Error::Unauthenticated("This sign-in has ended. Sign in again.");

/// Refuses if the password or the rights have changed since the account was read. The caller
/// holds the user's lock.
pub fn unchanged(tx: &mut Tx<'_>, seen: &Account) -> Result<()> {
    let known = queries::active_account(tx, seen.id)?;
    let same = |known: &Account| {
        (known.token_epoch, &known.password_hash) == (seen.token_epoch, &seen.password_hash)
    };
    known.filter(same).map(drop).ok_or(CHANGED)
}

const CHANGED: Error =
    Error::Unauthenticated("The password or the rights have just changed. Sign in again.");

/// The pair of tokens of a sign-in.
pub fn tokens(
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
