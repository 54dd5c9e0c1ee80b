//! The wording of comments: how it is tidied, compared, and what in it calls for a moderator.
use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use regex::Regex;
use sha2::{Digest, Sha256};
use validator::ValidationError;

use crate::text;

/// An address, or the beginning of one. `and/or` is none, `example.org/x` is.
#[expect(clippy::expect_used, reason = "a constant, compiled by every test run")]
static LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"://|\bwww\.|\bmailto:|\b[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}/")
        .expect("a valid pattern")
});

/// What `\s` means in the published patterns (ECMA-262).
fn blank(c: char) -> bool {
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}

fn line_end(c: char) -> bool {
    matches!(c, '\n' | '\u{2028}' | '\u{2029}')
}

/// What could make a text look like another one: control characters, and those that turn the
/// direction of writing around.
fn deceptive(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

const DECEPTIVE: &str = "must not contain control characters or change the direction of writing";

/// A rule for nicknames: one line with something in it.
pub fn one_line(name: &str) -> Result<(), ValidationError> {
    if name.chars().any(deceptive) {
        return Err(text::broken("control", DECEPTIVE));
    }
    text::not_blank(name)
}

/// A rule for bodies: plain text in which at least two characters can be seen.
pub fn plain(body: &str) -> Result<(), ValidationError> {
    let layout = |c: char| matches!(c, '\n' | '\r' | '\t');
    if body.chars().any(|c| deceptive(c) && !layout(c)) {
        return Err(text::broken("control", DECEPTIVE));
    }
    if body.chars().filter(|c| !blank(*c)).count() < 2 {
        return Err(text::broken("blank", "must have at least two characters that can be seen"));
    }
    Ok(())
}

/// The nickname without spaces around it or runs of them inside.
pub fn tidy_name(name: &str) -> String {
    name.split(blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The body with its paragraphs kept: one kind of line end, one empty line at the most between
/// two lines, no spaces at the ends.
pub fn tidy_body(body: &str) -> String {
    let mut tidy = String::with_capacity(body.len());
    let mut empty = 0;
    for line in body.replace("\r\n", "\n").replace('\r', "\n").split(line_end) {
        let line = line.trim_end_matches(blank);
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if !tidy.is_empty() {
            tidy.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        tidy.push_str(line);
        empty = 0;
    }
    tidy.trim_matches(blank).to_owned()
}

/// A fingerprint that two bodies share when case, diacritics and spacing alone tell them apart.
pub fn digest(body: &str) -> String {
    let folded = text::fold(body);
    // Signs that have no spelling fold to nothing; they are compared as they are.
    let said = if folded.is_empty() { body } else { &folded };
    URL_SAFE_NO_PAD.encode(Sha256::digest(said))
}

/// Whether a text has a link in it, however it is spelled.
pub fn has_link(said: &str) -> bool {
    LINK.is_match(&text::fold(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_kept_and_nothing_else() {
        assert_eq!(tidy_body("  One \r\ntwo\r\r \n\n\t\nThree.  \n"), "One\ntwo\n\nThree.");
        assert_eq!(tidy_body("a\u{2029}b"), "a\nb");
        assert_eq!(tidy_name("  Anna \u{a0} Lis "), "Anna Lis");
    }

    #[test]
    fn only_text_that_can_be_seen_passes() {
        assert!(plain("ok").is_ok() && plain("a\n\tb").is_ok() && plain("👍👍").is_ok());
        for bad in ["  \n ", " x ", "ab\u{7}", "\u{202e}ab"] {
            assert!(plain(bad).is_err(), "{bad:?}");
        }
        assert!(one_line("Anna Lis").is_ok());
        for bad in ["", "\u{feff}", "Anna\nLis", "Anna\u{2066}"] {
            assert!(one_line(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_same_words_have_the_same_digest() {
        assert_eq!(digest("Zażółć  GĘŚLĄ\n\njaźń"), digest("zażółć gęślą jaźń"));
        assert_ne!(digest("yes"), digest("no"));
    }

    #[test]
    fn links_are_seen_and_plain_words_are_not() {
        for link in ["see HTTP://a.example", "www.example.org", "example.org/offer", "ftp://x"] {
            assert!(has_link(link), "{link}");
        }
        for plain in ["either and/or both", "1/2", "The end.And on", "12:30"] {
            assert!(!has_link(plain), "{plain}");
        }
    }
}
