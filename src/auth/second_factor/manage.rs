//! One's own second factor.
use actix_web::post;

use super::{
    model::{Code, Confirmation, Enrolment, Factor, RecoveryCodes, codes},
    queries, recovery,
};
use crate::{
    auth::{
        guard::Allow, me::prove_again, queries::active_account, roles::SignedIn, session::ENDED,
        throttle::Attempt, tokens::Keys,
    },
    db::{Db, journal::Entry},
    error::{Error, Result},
    http::{answer::Answer, body::Body, handlers::ServiceConfig},
};

/// Hangs the routes into the management face.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(enrol_second_factor).service(confirm_second_factor);
    cfg.service(renew_recovery_codes).service(disable_second_factor);
}

const NONE: &str = "You have no second factor.";

/// Begin with a second factor
///
/// Gives the secret for an authenticator (TOTP, RFC 6238: SHA-1, six digits, 30 seconds). Signing
/// in needs no code before the first one was confirmed; until then this can be begun anew.
#[utoipa::path(tag = "session", security(("bearer" = [])), request_body = Confirmation,
    responses((status = 200, description = "What the authenticator has to be told.", body = Enrolment),
        (status = 409, description = "You have a second factor already."),
        (status = 422, description = "The current password is wrong."),
        (status = 429, description = "Too many failures.")))]
#[post("/me/second-factor/actions/enrol")]
async fn enrol_second_factor(
    allow: Allow<SignedIn>,
    db: Db,
    keys: Keys,
    Body(input): Body<Confirmation>,
) -> Result<Answer> {
    let (user, attempt) = prove_again(&db, &keys, &allow.caller, input.current_password).await?;
    let (factor, secret) = Factor::new(&keys, &user, allow.caller.now)?;
    let codes = codes(&secret, &user.email)?;
    db.write(allow.caller, move |tx| {
        tx.lock(user.id)?;
        attempt.succeeded(tx)?;
        if queries::find(tx, user.id)?.is_some_and(|factor| factor.confirmed) {
            return Err(Error::conflict("You have a second factor already; disable it first."));
        }
        queries::store(tx, &factor)?;
        tx.nothing_to_record("nothing is in force before it is confirmed");
        Ok(())
    })
    .await?;
    let uri = codes.to_url().map_err(Error::internal)?;
    Answer::ok(&Enrolment { secret: codes.secret().to_base32(), uri })
}

/// Confirm a second factor
///
/// Takes the first code of the authenticator. From now on, signing in needs one each time. The
/// recovery codes are for when the authenticator is not at hand.
#[utoipa::path(tag = "session", security(("bearer" = [])), request_body = Code,
    responses((status = 200, description = "In force.", body = RecoveryCodes),
        (status = 409, description = "There is none to be confirmed."),
        (status = 422, description = "The code is wrong, or too old."),
        (status = 429, description = "Too many failures.")))]
#[post("/me/second-factor/actions/confirm")]
async fn confirm_second_factor(
    allow: Allow<SignedIn>,
    db: Db,
    keys: Keys,
    Body(input): Body<Code>,
) -> Result<Answer> {
    let (id, sid, now) = (allow.caller.id, allow.caller.session, allow.caller.now);
    let attempt = Attempt::of_check(&db, &keys, allow.caller.clone(), sid).await?;
    let recovery_codes = recovery::new()?;
    let fresh = recovery_codes.clone();
    db.write(allow.caller, move |tx| {
        tx.lock(id)?;
        let user = active_account(tx, id)?.ok_or(ENDED)?;
        let pending = queries::find(tx, id)?.filter(|factor| !factor.confirmed);
        let pending = pending.ok_or_else(|| Error::conflict("There is none to be confirmed."))?;
        let factor = pending.after(&input.code, &keys, &user, now)?;
        let factor =
            factor.ok_or_else(|| Error::invalid("/code", "wrong", "is not the present code"))?;
        queries::store(tx, &factor)?;
        queries::replace_codes(tx, id, &fresh)?;
        attempt.succeeded(tx)?;
        tx.record(Entry::new("second_factor_enabled", &user))
    })
    .await?;
    Answer::ok(&RecoveryCodes { recovery_codes })
}

/// Get new recovery codes
///
/// The ones before are no longer good.
#[utoipa::path(tag = "session", security(("bearer" = [])), request_body = Confirmation,
    responses((status = 200, description = "The new ones.", body = RecoveryCodes),
        (status = 409, description = "You have no second factor."),
        (status = 422, description = "The current password is wrong."),
        (status = 429, description = "Too many failures.")))]
#[post("/me/second-factor/actions/renew-recovery-codes")]
async fn renew_recovery_codes(
    allow: Allow<SignedIn>,
    db: Db,
    keys: Keys,
    Body(input): Body<Confirmation>,
) -> Result<Answer> {
    let (user, attempt) = prove_again(&db, &keys, &allow.caller, input.current_password).await?;
    let recovery_codes = recovery::new()?;
    let fresh = recovery_codes.clone();
    db.write(allow.caller, move |tx| {
        tx.lock(user.id)?;
        attempt.succeeded(tx)?;
        if !queries::find(tx, user.id)?.is_some_and(|factor| factor.confirmed) {
            return Err(Error::conflict(NONE));
        }
        queries::replace_codes(tx, user.id, &fresh)?;
        tx.record(Entry::new("recovery_codes_renewed", &user))
    })
    .await?;
    Answer::ok(&RecoveryCodes { recovery_codes })
}

/// Do without a second factor
///
/// Signing in needs the password alone again. The recovery codes go as well.
#[utoipa::path(tag = "session", security(("bearer" = [])), request_body = Confirmation,
    responses((status = 204, description = "Disabled."),
        (status = 409, description = "You have no second factor."),
        (status = 422, description = "The current password is wrong."),
        (status = 429, description = "Too many failures.")))]
#[post("/me/second-factor/actions/disable")]
async fn disable_second_factor(
    allow: Allow<SignedIn>,
    db: Db,
    keys: Keys,
    Body(input): Body<Confirmation>,
) -> Result<Answer> {
    let (user, attempt) = prove_again(&db, &keys, &allow.caller, input.current_password).await?;
    db.write(allow.caller, move |tx| {
        tx.lock(user.id)?;
        attempt.succeeded(tx)?;
        if !queries::delete(tx, user.id)? {
            return Err(Error::conflict(NONE));
        }
        tx.record(Entry::new("second_factor_disabled", &user))
    })
    .await?;
    Ok(Answer::nothing())
}
