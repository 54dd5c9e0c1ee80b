//! The direction in which a language is written.
use icu_locale::{LanguageIdentifier, LocaleDirectionality};

use crate::text_enum;

text_enum! {
    /// The direction of a text, as HTML's `dir` names it.
    pub enum Direction {
        /// From left to right.
        LeftToRight = "ltr",
        /// From right to left.
        RightToLeft = "rtl",
    }
}

/// The direction of a language (BCP 47), by its script, or by that in which it is usually written.
pub fn direction(language: &str) -> Direction {
    let known = LanguageIdentifier::try_from_str(language).ok();
    let rtl = known.is_some_and(|id| LocaleDirectionality::new_extended().is_right_to_left(&id));
    if rtl { Direction::RightToLeft } else { Direction::LeftToRight }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_says_the_direction() {
        for language in ["ar", "he", "fa-IR", "ur", "yi", "ckb", "pa-Arab", "uz-Arab-AF", "dv"] {
            assert_eq!(direction(language), Direction::RightToLeft, "{language}");
        }
        for language in ["pl", "en-GB", "sr-Latn", "pa", "uz", "ar-Latn", "ja", ""] {
            assert_eq!(direction(language), Direction::LeftToRight, "{language}");
        }
    }
}
