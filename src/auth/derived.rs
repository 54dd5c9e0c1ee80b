//! What else is made of the signing secret: names that tell nothing of what they name.
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::ids::AnyId;

/// A key for each use, so that none says anything about another.
#[derive(Clone)]
pub struct Derived {
    naming: [u8; 32],
}

impl Derived {
    /// Derives the keys.
    pub fn new(secret: &[u8]) -> Self {
        Self { naming: mac(secret, &["broadsheet pseudonyms"]) }
    }

    /// Always the same name for the same parts, and no way back from it without the secret.
    pub fn pseudonym(&self, parts: &[&str]) -> AnyId {
        let name = mac(&self.naming, parts);
        AnyId(Uuid::from_bytes(std::array::from_fn(|at| name[at])))
    }
}

/// HMAC-SHA256 (RFC 2104) of the parts, none of which has a NUL character.
fn mac(key: &[u8], parts: &[&str]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    for part in parts {
        mac.update(part.as_bytes());
        mac.update(b"\0");
    }
    mac.finalize().into_bytes().into()
}
