//! Text as newsrooms need it: normal forms, slugs, folding, and the rules that texts keep.
use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;
pub use unicode_normalization::is_nfc;
use validator::ValidationError;

mod direction;
mod identity;
mod language;
pub mod likeness;
mod skeleton;
mod slug;
mod tag;
mod url;
mod visible;

pub use direction::direction;
pub use identity::{fingerprint, fold, letters};
pub use language::Language;
pub use skeleton::skeleton;
pub use slug::{SLUG, SLUG_MAX, first_free, numbered_base, slug_form, slugify};
pub use tag::{TAG_MAX, is_tag, tag_slug};
pub use url::{LinkUrl, WebUrl};
pub use visible::{
    DECEPTIVE, is_blank, is_deceptive, is_forbidden, is_visible, not_blank, one_line,
};

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

/// The form in which a text that was sent is kept: in normal form C, without byte order marks
/// around it, and without the NUL characters that fill up fields of a fixed length behind it (a
/// camera's credit). Lengths count its characters (Unicode scalar values).
pub fn kept(text: String) -> String {
    let around = text.trim_start_matches('\u{feff}');
    let around = around.trim_end_matches(['\0', '\u{feff}']);
    if around.len() != text.len() {
        return nfc(around.to_owned());
    }
    nfc(text)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_without_what_only_surrounds_it() {
        for (sent, expected) in [
            ("Łódź", "Łódź"),
            ("\u{feff}Jan Lis\0\0\0\0", "Jan Lis"),
            ("\u{feff}\u{feff}Jan\u{feff}Lis\u{feff}", "Jan\u{feff}Lis"),
            ("e\u{301}\0", "\u{e9}"),
            ("\0\0", ""),
            ("a\0b", "a\0b"),
            ("\0a", "\0a"),
            (" a ", " a "),
        ] {
            assert_eq!(kept(sent.to_owned()), expected, "{sent:?}");
            assert_eq!(kept(expected.to_owned()), expected);
        }
    }
}
