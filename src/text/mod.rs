//! Text as newsrooms need it: normal forms, slugs, folding, and the rules that texts keep.
use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;
pub use unicode_normalization::is_nfc;
use validator::ValidationError;

mod identity;
mod language;
mod slug;
mod url;
mod visible;

pub use identity::fold;
pub use language::{LANGUAGE, language_form};
pub use slug::{SLUG, SLUG_MAX, slug_form, slugify};
pub use url::{URL_MAX, link_url, web_url};
pub use visible::not_blank;

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
