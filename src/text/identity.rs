//! What makes two texts the same name, tag or word.
use deunicode::deunicode;
use unicode_normalization::UnicodeNormalization;

/// Folds away case, diacritics and spacing, so that look-alike names compare equal.
pub fn fold(text: &str) -> String {
    let ascii = spelled(&text.nfkc().collect::<String>()).to_lowercase();
    ascii.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Transliterated to ASCII. Line ends and tabs, which the table has no spelling for, part words
/// as spaces do.
pub(super) fn spelled(text: &str) -> String {
    deunicode(&text.replace(char::is_whitespace, " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_sees_through_case_diacritics_and_spacing() {
        assert_eq!(fold(" Zażółć  GĘŚLĄ "), fold("zazolc gesla"));
        assert_eq!(fold("gęślą\n\t jaźń"), "gesla jazn");
        assert_ne!(fold("Anna"), fold("Hanna"));
    }
}
