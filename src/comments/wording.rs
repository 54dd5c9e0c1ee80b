//! The wording of comments: how it is tidied, and what in it calls for a moderator.
use std::sync::LazyLock;

use regex::Regex;
use validator::ValidationError;

use crate::text;

/// An address, or the beginning of one: a scheme, or a host with a path, port, query or fragment.
/// `and/or` is none, `example.org/x` is.
#[expect(clippy::expect_used, reason = "a constant, compiled by every test run")]
static LINK: LazyLock<Regex> = LazyLock::new(|| {
    const NAME: &str = r"[\w-]+(\.[\w-]+)*\.(xn--[a-z0-9-]+|[^\W\d_]{2,})";
    const NUMBER: &str = r"\b\d{1,3}(\.\d{1,3}){3}";
    const BEHIND: &str = r"(/|:\d|\?\w|#\w)";
    Regex::new(&format!(r"://|\bwww\.|\bmailto:|({NAME}|{NUMBER}){BEHIND}"))
        .expect("a valid pattern")
});

fn line_end(c: char) -> bool {
    matches!(c, '\n' | '\u{2028}' | '\u{2029}')
}

/// A rule for bodies: plain text in which at least two characters can be seen.
pub fn plain(body: &str) -> Result<(), ValidationError> {
    let layout = |c: char| matches!(c, '\n' | '\r' | '\t');
    if body.chars().any(|c| text::is_deceptive(c) && !layout(c)) {
        return Err(text::broken("control", text::DECEPTIVE));
    }
    if body.chars().filter(|c| text::is_visible(*c)).count() < 2 {
        return Err(text::broken("blank", "must have at least two characters that can be seen"));
    }
    Ok(())
}

/// The nickname without spaces around it or runs of them inside.
pub fn tidy_name(name: &str) -> String {
    name.split(text::is_blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The body with its paragraphs kept: one kind of line end, one empty line at the most between
/// two lines, no spaces at the ends.
pub fn tidy_body(body: &str) -> String {
    let mut tidy = String::with_capacity(body.len());
    let mut empty = 0;
    for line in body.replace("\r\n", "\n").replace('\r', "\n").split(line_end) {
        let line = line.trim_end_matches(text::is_blank);
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
    tidy.trim_matches(text::is_blank).to_owned()
}

/// Whether a text has a link in it, however it is spelled.
pub fn has_link(said: &str) -> bool {
    LINK.is_match(&text::letters(said))
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
        for bad in ["  \n ", " x ", "ab\u{7}", "\u{202e}ab", "\u{200b}\u{200b}", "x\u{3164}"] {
            assert!(plain(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn links_are_seen_and_plain_words_are_not() {
        for link in [
            "see HTTP://a.example",
            "www.example.org",
            "example.org/offer",
            "ftp://x",
            "cheap-pills.com?x=1",
            "at evil.example:8080",
            "xn--e1afmkfd.xn--p1ai/x",
            "пример.рф/х",
            "Example.ORG#offer",
            "ｅｘａｍｐｌｅ．ｏｒｇ／ｘ",
            "exam\u{200b}ple.org\u{ad}/x",
            "203.0.113.9:8080",
            "203.0.113.9/x",
            "MAILTO:me@example.org",
        ] {
            assert!(has_link(link), "{link}");
        }
        for plain in [
            "either and/or both",
            "1/2",
            "The end.And on",
            "12:30",
            "at 12.30/13.00",
            "Really.Why? Because",
            "see p. 5: there",
            "今天很好。我们/他们",
            "C#/C++",
        ] {
            assert!(!has_link(plain), "{plain}");
        }
    }
}
