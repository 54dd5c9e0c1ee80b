//! What can be seen of a text, and which characters no text may hold.
use icu_properties::{
    CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory},
};
use validator::ValidationError;

use super::{
    broken,
    identity::{category, is_mark},
};

/// At least one character that can be seen.
pub fn not_blank(text: &str) -> Result<(), ValidationError> {
    if text.chars().any(is_visible) {
        return Ok(());
    }
    Err(broken("blank", "must have a character that can be seen"))
}

/// A name in one line: something can be seen of it, and it does not turn the direction of writing
/// around.
pub fn one_line(name: &str) -> Result<(), ValidationError> {
    if name.chars().any(is_deceptive) {
        return Err(broken("control", DECEPTIVE));
    }
    not_blank(name)
}

/// What is said about [`is_deceptive`].
pub const DECEPTIVE: &str =
    "must not contain control characters or change the direction of writing";

/// What could make a text look like another one: control characters, and those that turn the
/// direction of writing around.
pub fn is_deceptive(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a reader sees it, by itself: no space, filler, selector or control character, and no
/// mark without a letter.
pub fn is_visible(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_graphic();
    }
    !is_blank(c) && !is_ignorable(c) && !is_mark(c)
}

/// White space, and what looks the same.
pub fn is_blank(c: char) -> bool {
    // An empty cell of Braille takes its place and shows nothing.
    c.is_whitespace() || c == '\u{feff}' || c == '\u{2800}'
}

/// Whether it changes nothing that is seen of the characters beside it, as far as identity goes:
/// what Unicode has ignored by default, and other characters that are there for programs.
pub fn is_ignorable(c: char) -> bool {
    if c.is_ascii() {
        return false;
    }
    c == '\u{2800}'
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{13430}'..='\u{13455}')
        || (c.is_control() && !c.is_whitespace())
        || category(c) == GeneralCategory::Surrogate
}

/// Whether no text may hold it: XML 1.0 has no form for it, not even an escape, so that a feed
/// with it in would be no feed; and PostgreSQL cannot keep U+0000.
pub fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_makes_no_text() {
        for blank in [
            "",
            " \n",
            "\u{85}",
            "\u{200b}\u{200b}",
            "\u{3164}",
            "\u{ffa0}",
            "\u{115f}\u{1160}",
            "\u{2800}",
            "\u{fe0f}",
            "\u{e0100}",
            "\u{202e}\u{202c}",
            "\u{2067}\u{2069}",
            "\u{e0001}\u{e0065}",
            "\u{feff}",
            "\u{ad}\u{34f}\u{61c}\u{180e}",
            "\u{200d}",
            "\u{301}",
            "\u{7f}\u{1b}",
            "\u{fff9}\u{fffb}",
        ] {
            assert!(not_blank(blank).is_err(), "{blank:?}");
        }
        for seen in
            ["a", "北", "👍", "👨\u{200d}👩\u{200d}👧", "🇵🇱", "می\u{200c}خواهم", "क्\u{200d}ष", "…"]
        {
            assert!(not_blank(seen).is_ok(), "{seen:?}");
        }
    }

    #[test]
    fn names_stay_in_their_line() {
        assert!(one_line("Anna Lis").is_ok());
        for bad in ["", "\u{feff}", "Anna\nLis", "Anna\u{2066}", "Anna\u{202e}siL"] {
            assert!(one_line(bad).is_err(), "{bad:?}");
        }
    }
}
