//! The second factor: time-based one-time passwords (RFC 6238), and what helps without them.
pub mod manage;
pub mod model;
pub mod queries;
mod recovery;

pub use recovery::MANY as RECOVERY_CODES;

use super::{model::Account, queries as auth, tokens::Keys};
use crate::{
    db::{Tx, journal::Entry},
    error::{Error, FieldError, Result},
    ids::UserId,
    time::Instant,
};
use model::{Factor, codes};

/// Seconds for which an authenticator shows the same code (RFC 6238).
const STEP: i64 = 30;

/// How a sign-in showed the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// There is none to show.
    NotNeeded,
    /// None was sent.
    Missing,
    /// It is no code of theirs, or one that was used before.
    Wrong,
    /// A code of the authenticator.
    Code,
    /// A recovery code, which is used up now.
    Recovery,
}

impl Shown {
    /// What whoever knows the password is told, where that is not enough.
    pub fn refusal(self) -> Option<Error> {
        let (code, detail) = match self {
            Self::Missing => ("required", "Send a code of your second factor as well."),
            Self::Wrong => ("wrong", "The code is wrong, or was used before."),
            Self::NotNeeded | Self::Code | Self::Recovery => return None,
        };
        Some(Error::SecondFactor(FieldError::at("/code", code, detail)))
    }

    /// The entry, which says so where a recovery code was used up.
    pub fn noted(self, entry: Entry) -> Entry {
        if self == Self::Recovery { entry.note("recovery code") } else { entry }
    }
}

/// Takes the code that came with a right password. The caller holds the user's lock.
pub fn take(tx: &mut Tx<'_>, keys: &Keys, user: &Account, code: Option<&str>) -> Result<Shown> {
    let factor = queries::find(tx, user.id)?.filter(|factor| factor.confirmed);
    let (factor, code) = match (factor, code) {
        (None, _) => return Ok(Shown::NotNeeded),
        (Some(_), None) => return Ok(Shown::Missing),
        (Some(factor), Some(code)) => (factor, code),
    };
    if let Some(used) = factor.after(code, keys, user, tx.now())? {
        queries::store(tx, &used)?;
        return Ok(Shown::Code);
    }
    let known = queries::use_code(tx, user.id, code)?;
    Ok(if known { Shown::Recovery } else { Shown::Wrong })
}

/// Takes a user's second factor away, for an administrator: who has lost authenticator and
/// recovery codes begins anew. 404 where there is no such user.
pub fn reset(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    tx.lock(user)?;
    let account = auth::find(tx, user)?;
    if !queries::delete(tx, user)? {
        return Err(Error::conflict("The user has no second factor."));
    }
    tx.record(Entry::new("second_factor_reset", &account))
}

impl Factor {
    /// A new one, not confirmed yet, and its secret.
    fn new(keys: &Keys, user: &Account, now: Instant) -> Result<(Self, Vec<u8>)> {
        let mut secret = vec![0; 20];
        getrandom::fill(&mut secret).map_err(|err| Error::internal(err.to_string()))?;
        let sealed = keys.seal(&secret, user.id)?;
        let (user_id, last_step, confirmed, created_at) = (user.id, 0, false, now);
        Ok((Self { user_id, sealed, last_step, confirmed, created_at }, secret))
    }

    /// This factor once the code is taken; none where it is no code of it, or was taken before.
    /// Sealed anew, so that it follows the signing secret while the one before is still known.
    fn after(&self, code: &str, keys: &Keys, user: &Account, now: Instant) -> Result<Option<Self>> {
        let Some(secret) = keys.open(&self.sealed, self.user_id) else {
            // Recovery codes are taken all the same.
            tracing::warn!(user = %self.user_id, "sealed with a JWT_SECRET that is not set");
            return Ok(None);
        };
        let step = codes(&secret, &user.email)?.check(code, now.seconds().unsigned_abs());
        // One that is still to come was taken by a clock that was wrong.
        let taken = Some(self.last_step).filter(|last| *last <= now.latest().seconds() / STEP + 1);
        let step = step.map(u64::cast_signed).filter(|step| taken.is_none_or(|last| *step > last));
        let Some(last_step) = step else { return Ok(None) };
        let sealed = keys.seal(&secret, self.user_id)?;
        Ok(Some(Self { sealed, last_step, confirmed: true, ..self.clone() }))
    }
}
