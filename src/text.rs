//! Text as newsrooms need it: normal forms, slugs, folding, and the rules that texts keep.
use std::sync::LazyLock;

use deunicode::deunicode;
use fluent_uri::Uri;
use regex::Regex;
use unicode_normalization::UnicodeNormalization;
pub use unicode_normalization::is_nfc;
use url::Url;
use validator::ValidationError;

/// The longest slug, in characters.
pub const SLUG_MAX: usize = 80;
/// The longest address, in characters.
pub const URL_MAX: u64 = 2048;

/// The form of slugs.
pub static SLUG: LazyLock<Regex> = LazyLock::new(|| pattern("^[a-z0-9]+(-[a-z0-9]+)*$"));
/// The form of languages: BCP 47's language, script and region.
pub static LANGUAGE: LazyLock<Regex> =
    LazyLock::new(|| pattern("^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$"));
/// The form of ad slot codes.
pub static CODE: LazyLock<Regex> = LazyLock::new(|| pattern("^[a-z][a-z0-9_]{0,63}$"));

#[expect(clippy::expect_used, reason = "constants, compiled by every test run")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a valid pattern")
}

/// Unicode normal form C (UAX #15): the form every text is kept in.
pub fn nfc(text: String) -> String {
    if is_nfc(&text) { text } else { text.nfc().collect() }
}

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

/// Folds away case, diacritics and spacing, so that look-alike names compare equal.
pub fn fold(text: &str) -> String {
    let ascii = spelled(&text.nfkc().collect::<String>()).to_lowercase();
    ascii.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Transliterated to ASCII. Line ends and tabs, which the table has no spelling for, part words
/// as spaces do.
fn spelled(text: &str) -> String {
    deunicode(&text.replace(char::is_whitespace, " "))
}

/// A rule's refusal with a sentence for people.
pub fn broken(rule: &'static str, message: &'static str) -> ValidationError {
    ValidationError::new(rule).with_message(message.into())
}

/// The same for a rule that looks inside a value: `at` is the place there, a JSON Pointer.
pub fn broken_at(at: &str, rule: &'static str, message: &'static str) -> ValidationError {
    let mut refusal = broken(rule, message);
    refusal.add_param("at".into(), &at);
    refusal
}

/// At least one character that is not white space (as ECMA-262 counts it).
pub fn not_blank(text: &str) -> Result<(), ValidationError> {
    let blank = |c: char| (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}';
    if text.chars().all(blank) {
        return Err(broken("blank", "must not be blank"));
    }
    Ok(())
}

/// A slug's form.
pub fn slug_form(text: &str) -> Result<(), ValidationError> {
    if SLUG.is_match(text) {
        return Ok(());
    }
    Err(broken("pattern", "must be lower-case letters a-z and digits, words joined by one hyphen"))
}

/// A language's form.
pub fn language_form(text: &str) -> Result<(), ValidationError> {
    if LANGUAGE.is_match(text) {
        return Ok(());
    }
    Err(broken("pattern", "must be a BCP 47 language such as pl, en-GB or sr-Latn"))
}

/// An absolute http or https address.
pub fn web_url(text: &str) -> Result<(), ValidationError> {
    if has_scheme(text, &["http", "https"]) {
        return Ok(());
    }
    Err(broken(
        "url",
        "must be an absolute http or https URL, percent-encoded (RFC 3986), of at most 2048 characters",
    ))
}

/// What a link in a text may lead to: http, https or mailto.
pub fn link_url(text: &str) -> Result<(), ValidationError> {
    if has_scheme(text, &["http", "https", "mailto"]) {
        return Ok(());
    }
    Err(broken(
        "url",
        "must be an http, https or mailto URL, percent-encoded (RFC 3986), of at most 2048 characters",
    ))
}

fn has_scheme(text: &str, schemes: &[&str]) -> bool {
    let short = text.chars().count() as u64 <= URL_MAX;
    // Browsers repair what no URI may hold (RFC 3986), such as letters beyond ASCII, each in its own
    // way: what is kept and handed on must not depend on that. Only lower case is promised by the
    // published patterns.
    let named = schemes.iter().any(|scheme| {
        text.strip_prefix(scheme)
            .is_some_and(|rest| rest.starts_with(if *scheme == "mailto" { ":" } else { "://" }))
    });
    short && named && Url::parse(text).is_ok() && Uri::parse(text).is_ok()
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

    #[test]
    fn folding_sees_through_case_diacritics_and_spacing() {
        assert_eq!(fold(" Zażółć  GĘŚLĄ "), fold("zazolc gesla"));
        assert_eq!(fold("gęślą\n\t jaźń"), "gesla jazn");
        assert_ne!(fold("Anna"), fold("Hanna"));
    }

    #[test]
    fn only_plain_web_addresses_pass() {
        for good in ["https://example.org/a?b#c", "http://example.org"] {
            assert!(web_url(good).is_ok(), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "HTTPS://example.org",
            "https://",
            " https://a.b",
            "//a.b",
            "https://żółw.example/",
            "https://example.org/a|b",
            "https://example.org/100%",
            "https://example.org:65536/",
        ] {
            assert!(web_url(bad).is_err(), "{bad}");
        }
        assert!(link_url("mailto:desk@example.org").is_ok());
    }
}
