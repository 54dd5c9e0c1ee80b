//! Languages, named as BCP 47 does.
use std::sync::LazyLock;

use regex::Regex;
use validator::ValidationError;

use super::{broken, pattern};

/// The form of languages: BCP 47's language, script and region.
pub static LANGUAGE: LazyLock<Regex> =
    LazyLock::new(|| pattern("^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$"));

/// A language's form.
pub fn language_form(text: &str) -> Result<(), ValidationError> {
    if LANGUAGE.is_match(text) {
        return Ok(());
    }
    Err(broken("pattern", "must be a BCP 47 language such as pl, en-GB or sr-Latn"))
}
