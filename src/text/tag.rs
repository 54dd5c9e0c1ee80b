//! Tags: which texts can be one, and how they are spelled in addresses.
use sha2::{Digest, Sha256};

use super::{
    identity::{fold, is_word_sign},
    slugify,
};

/// The longest tag, in characters.
pub const TAG_MAX: usize = 50;
/// The longest identity, in bytes: characters may be folded to longer ones, and the names of lists
/// are made of it, which caches outside take up to a length.
const IDENTITY_MAX: usize = 300;

/// Whether it can be a tag: something in it means something, and it is no longer than tags are. Its
/// identity is its [`fold`].
pub fn is_tag(name: &str) -> bool {
    let identity = fold(name);
    identity.contains(is_word_sign)
        && identity.len() <= IDENTITY_MAX
        && name.chars().count() <= TAG_MAX
}

/// A slug for a tag of an article in this language (BCP 47). Where the language has no spelling
/// for it in a-z, it is made of a digest, always the same for one tag.
pub fn tag_slug(name: &str, language: &str) -> String {
    slugify(name, language).unwrap_or_else(|| {
        let mut number = [0; 8];
        number[2..].copy_from_slice(&Sha256::digest(fold(name))[..6]);
        format!("{:012x}", u64::from_be_bytes(number))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::slug_form;

    #[test]
    fn a_tag_has_something_that_means_something() {
        for tag in ["C++", "北京", "☕", "€", "24/7", "नमस्ते", "A"] {
            assert!(is_tag(tag), "{tag}");
        }
        for none in ["", "…", "#", "\u{200b}", "\u{3164}", "- -"] {
            assert!(!is_tag(none), "{none:?}");
        }
        assert!(!is_tag(&"\u{fdfa}".repeat(TAG_MAX)), "each is folded to eighteen");
    }

    #[test]
    fn every_tag_has_a_slug() {
        assert_eq!(tag_slug("C++", "en"), "c-plus-plus");
        assert_eq!(tag_slug("C#", "de"), "c-sharp");
        assert_eq!(tag_slug("北京", "zh"), "bei-jing");
        let digest = tag_slug("北京", "ja");
        assert!(digest.len() == 12 && slug_form(&digest).is_ok(), "{digest}");
        assert_ne!(tag_slug("背景", "ja"), digest);
    }
}
