//! The direction in which a language is written.
use icu_locale::{LanguageIdentifier, LocaleDirectionality};

/// The direction of a language (BCP 47), by its script, or by that in which it is usually written:
/// `ltr` or `rtl`, as HTML's `dir` names it.
pub fn direction(language: &str) -> &'static str {
    let known = LanguageIdentifier::try_from_str(language).ok();
    let rtl = known.is_some_and(|id| LocaleDirectionality::new_extended().is_right_to_left(&id));
    if rtl { "rtl" } else { "ltr" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_says_the_direction() {
        for language in ["ar", "he", "fa-IR", "ur", "yi", "ckb", "pa-Arab", "uz-Arab-AF", "dv"] {
            assert_eq!(direction(language), "rtl", "{language}");
        }
        for language in ["pl", "en-GB", "sr-Latn", "pa", "uz", "ar-Latn", "ja", ""] {
            assert_eq!(direction(language), "ltr", "{language}");
        }
    }
}
