//! Slugs: the last part of a page's address, made of its headline or name.
use std::sync::LazyLock;

use regex::Regex;
use validator::ValidationError;

use super::{broken, identity::spelled, pattern};

/// The longest slug, in characters.
pub const SLUG_MAX: usize = 80;

/// The form of slugs.
pub static SLUG: LazyLock<Regex> = LazyLock::new(|| pattern("^[a-z0-9]+(-[a-z0-9]+)*$"));

/// A slug made of any text: transliterated to ASCII, lower case, words joined by hyphens, at
/// most [`SLUG_MAX`] characters, cut between words. Empty where nothing can be spelled.
pub fn slugify(text: &str) -> String {
    let ascii = spelled(text).to_ascii_lowercase().replace('\'', "");
    let mut slug = String::new();
    for word in ascii.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        let joint = usize::from(!slug.is_empty());
        if slug.is_empty() {
            slug.push_str(&word[..word.len().min(SLUG_MAX)]);
        } else if slug.len() + joint + word.len() <= SLUG_MAX {
            slug.push('-');
            slug.push_str(word);
        } else {
            break;
        }
    }
    slug
}

/// A slug's form.
pub fn slug_form(text: &str) -> Result<(), ValidationError> {
    if SLUG.is_match(text) {
        return Ok(());
    }
    Err(broken("pattern", "must be lower-case letters a-z and digits, words joined by one hyphen"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_transliterate_what_does_not_decompose() {
        assert_eq!(slugify("Współpraca"), "wspolpraca");
        assert_eq!(slugify("  Łódź: 100% — „tak”  "), "lodz-100-tak");
        assert_eq!(slugify("…"), "");
        assert_eq!(slugify("Don't panic"), "dont-panic");
        assert_eq!(slugify("Łódź\nnocą"), "lodz-noca");
    }

    #[test]
    fn slugs_are_cut_between_words_and_keep_their_form() {
        let slug = slugify(&"word ".repeat(40));
        assert!(slug.len() <= SLUG_MAX && slug_form(&slug).is_ok(), "{slug}");
        assert_eq!(slugify(&"x".repeat(200)).len(), SLUG_MAX);
    }
}
