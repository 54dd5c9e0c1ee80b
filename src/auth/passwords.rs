//! Passwords: argon2id (RFC 9106) at its current parameters, off the async threads.
use std::sync::LazyLock;

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};

use crate::error::{Error, Result};

/// The shortest password, in characters.
pub const MIN: u64 = 12;
/// The longest password, in characters.
pub const MAX: u64 = 128;

/// A hash of nobody's password, so that an unknown user takes as long as a known one.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash_now("nobody's password").ok());

/// Hashes a password for keeping.
pub async fn hash(password: String) -> Result<String> {
    blocking(move || hash_now(&password)).await
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
    actix_web::web::block(work).await.map_err(Error::internal)?
}
