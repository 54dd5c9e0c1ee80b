//! Passwords: argon2id (RFC 9106) at its current parameters, off the async threads.
use std::{sync::LazyLock, thread::available_parallelism};

use argon2::{Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;
use zxcvbn::{Score, zxcvbn};

use crate::error::{Error, Result};

/// The shortest password, in characters.
pub const MIN: u64 = 12;
/// The longest password, in characters.
pub const MAX: u64 = 128;

/// A hash of nobody's password, so that an unknown user takes as long as a known one.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash_now("nobody's password").ok());

/// Each hash takes 19 MiB and a core, and anyone may ask for one by signing in: as many at a
/// time as there are cores, so that a flood queues up instead of eating the memory.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(turns()));

fn turns() -> usize {
    available_parallelism().map_or(2, usize::from)
}

/// Hashes a new password for keeping, unless it is among those that are guessed first. `owner` is
/// what everybody knows of whoever takes it, and `at` is where it stands in the body.
pub async fn hash(password: String, owner: [&str; 2], at: &'static str) -> Result<String> {
    let owner = owner.map(str::to_owned);
    blocking(move || {
        if is_common(&password, &owner) {
            return Err(Error::invalid(at, "common", COMMON));
        }
        hash_now(&password)
    })
    .await
}

const COMMON: &str = "would be among the first to be guessed; take something longer, or a sentence";

/// Whether somebody who goes through lists of common passwords and words, through patterns, and
/// through what they know of the owner, gets there within 100 million guesses.
fn is_common(password: &str, owner: &[String]) -> bool {
    let words = owner.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    let known: Vec<&str> =
        words.chain(owner.iter().map(String::as_str)).filter(|word| !word.is_empty()).collect();
    zxcvbn(password, &known).score() < Score::Three
}

/// The dearest hash that is taken from elsewhere, in KiB: verifying takes as much memory.
const MEMORY_MAX: u32 = 64 * 1024;
/// And how often it goes through it, times how many ways at once.
const PASSES_MAX: u32 = 16;

/// Whether a text is a hash that this program could have made, now or with dearer parameters.
pub fn is_hash(text: &str) -> bool {
    let Ok(hash) = PasswordHash::new(text) else { return false };
    let dear = Params::try_from(&hash).is_ok_and(|params| {
        params.m_cost() <= MEMORY_MAX
            && params.t_cost().saturating_mul(params.p_cost()) <= PASSES_MAX
    });
    let whole = hash.salt.is_some() && hash.hash.is_some();
    dear && whole && hash.algorithm == argon2::ARGON2ID_IDENT
}

/// Hashes a password on this very thread.
pub fn hash_now(password: &str) -> Result<String> {
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|err| Error::internal(err.to_string()))?;
    Ok(hash.to_string())
}

/// Whether the password is the one that was hashed; no hash is nobody's.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool> {
    blocking(move || {
        let known = hash.is_some();
        let hash = hash.or_else(|| NOBODY.clone()).unwrap_or_default();
        let hash = PasswordHash::new(&hash).map_err(|err| Error::internal(err.to_string()))?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok() && known)
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let turn = TURNS.acquire().await.map_err(Error::internal)?;
    // The turn moves along: the work goes on even where nobody waits for it any more.
    let work = move || {
        let _turn = turn;
        work()
    };
    actix_web::web::block(work).await.map_err(Error::internal)?
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::pin, task::Poll};

    use super::*;

    #[test]
    fn what_is_guessed_first_is_common_however_it_is_dressed_up() {
        let owner = ["ewa.lis@example.org", "Ewa Lis-Nowakowska"].map(str::to_owned);
        for bad in [
            "password1234",
            "P@ssw0rd1234",
            "qwertyuiop12",
            "123456789012",
            "aaaaaaaaaaaaaaaaaaaa",
            "abcabcabcabcabc",
            "drowssapdrowssap",
            "administrator",
            "ewa.lis@example.org",
            "Nowakowska1984",
            "ewalisewalis",
        ] {
            assert!(is_common(bad, &owner), "{bad}");
        }
        for good in ["correct horse battery staple", "demo-newsroom", "żółw i gęś nad Łyną"]
        {
            assert!(!is_common(good, &owner), "{good}");
        }
    }

    #[actix_web::test]
    async fn a_password_waits_for_its_turn() {
        let all = TURNS.acquire_many(turns().try_into().unwrap()).await.unwrap();
        let mut waiting = pin!(hash("correct horse battery staple".to_owned(), ["", ""], ""));
        let began = poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx).is_ready())).await;
        assert!(!began && TURNS.available_permits() == 0);
        drop(all);
        let hashed = waiting.await.unwrap();
        assert!(verify("correct horse battery staple".to_owned(), Some(hashed)).await.unwrap());
        assert!(!verify("correct horse battery staple".to_owned(), None).await.unwrap());
    }
}
