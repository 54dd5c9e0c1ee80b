//! Recovery codes: made at random, shown once, kept as digests only.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// How many there are at a time.
pub const MANY: usize = 10;
/// Base32 (RFC 4648), in lower case: no digit looks like a letter.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Of five bits each: 80 bits, too many to go through, so that a plain digest keeps them safe.
const CHARACTERS: usize = 16;

/// New codes, each in four groups of four.
pub fn new() -> Result<Vec<String>> {
    (0..MANY).map(|_| one()).collect()
}

fn one() -> Result<String> {
    let mut bytes = [0; CHARACTERS];
    getrandom::fill(&mut bytes).map_err(|err| Error::internal(err.to_string()))?;
    let mut code = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 && at % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    Ok(code)
}

/// What is kept of a code, however it was typed.
pub fn digest(code: &str) -> String {
    let plain = code.chars().filter(char::is_ascii_alphanumeric);
    let plain: String = plain.map(|c| c.to_ascii_lowercase()).collect();
    URL_SAFE_NO_PAD.encode(Sha256::digest(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_differ_and_are_known_however_they_are_typed() {
        let codes = new().unwrap();
        let mut digests: Vec<String> = codes.iter().map(|code| digest(code)).collect();
        let typed = codes[0].to_uppercase().replace('-', " ");
        assert_eq!(digest(&typed), digests[0]);
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), MANY);
    }
}
