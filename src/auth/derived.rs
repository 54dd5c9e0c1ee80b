//! What else is made of the signing secret: names that tell nothing of what they name, and
//! sealed texts.
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    ids::AnyId,
};

/// So long that it can be drawn at random, again and again, without ever being the same.
const NONCE: usize = 24;

/// A key for each use, so that none says anything about another.
#[derive(Clone)]
pub struct Derived {
    naming: [u8; 32],
    sealing: XChaCha20Poly1305,
}

impl Derived {
    /// Derives the keys.
    pub fn new(secret: &[u8]) -> Self {
        let sealing = mac(secret, &["broadsheet seals"]);
        Self {
            naming: mac(secret, &["broadsheet pseudonyms"]),
            sealing: XChaCha20Poly1305::new(&sealing.into()),
        }
    }

    /// Always the same name for the same parts, and no way back from it without the secret.
    pub fn pseudonym(&self, parts: &[&str]) -> AnyId {
        let name = mac(&self.naming, parts);
        AnyId(Uuid::from_bytes(std::array::from_fn(|at| name[at])))
    }

    /// Encrypts what only this secret is to open again, and only for the same `owner`.
    pub fn seal(&self, plain: &[u8], owner: Uuid) -> Result<String> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|err| Error::internal(err.to_string()))?;
        let payload = Payload { msg: plain, aad: owner.as_bytes() };
        let sealed = self.sealing.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|err| Error::internal(err.to_string()))?;
        Ok(STANDARD_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// What was sealed for this owner; `None` where it was not, or under another secret.
    pub fn open(&self, sealed: &str, owner: Uuid) -> Option<Vec<u8>> {
        let bytes = STANDARD_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: sealed, aad: owner.as_bytes() };
        self.sealing.decrypt(&XNonce::from(*nonce), payload).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_depend_on_every_part_and_on_the_secret() {
        let [one, other] = ["one secret", "another"].map(|secret| Derived::new(secret.as_bytes()));
        assert_eq!(one.pseudonym(&["a", "b"]), one.pseudonym(&["a", "b"]));
        assert_ne!(one.pseudonym(&["a", "b"]), one.pseudonym(&["ab"]));
        assert_ne!(one.pseudonym(&["a", "b"]), other.pseudonym(&["a", "b"]));
    }

    #[test]
    fn what_is_sealed_opens_for_its_owner_and_secret_alone() {
        let [one, other] = ["one secret", "another"].map(|secret| Derived::new(secret.as_bytes()));
        let (owner, thief) = (Uuid::now_v7(), Uuid::now_v7());
        let sealed = one.seal(b"twenty bytes of it", owner).unwrap();
        assert_eq!(one.open(&sealed, owner).unwrap(), b"twenty bytes of it");
        assert_eq!(one.open(&sealed, thief), None);
        assert_eq!(other.open(&sealed, owner), None);
        assert_eq!(one.open(&sealed[1..], owner), None);
        assert_ne!(one.seal(b"twenty bytes of it", owner).unwrap(), sealed);
    }
}
