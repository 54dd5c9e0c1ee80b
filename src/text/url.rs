//! Addresses on the web.
use std::sync::LazyLock;

use fluent_uri::{Uri, UriRef};
use regex::Regex;
use url::Url;
use validator::ValidationError;

use super::{broken, pattern};

/// The longest address, in characters.
pub const URL_MAX: u64 = 2048;

/// The form of telephone numbers in links.
static TEL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^tel:\+?[().*-]*[0-9][0-9().*-]*(;[A-Za-z0-9-]+(=[^;]+)?)*$"));

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

/// What a link in a text may lead to: a web page, a mailbox, a telephone, or an address of the site
/// itself.
pub fn link_url(text: &str) -> Result<(), ValidationError> {
    if has_scheme(text, &["http", "https", "mailto"]) || is_tel(text) || is_site_path(text) {
        return Ok(());
    }
    Err(broken(
        "url",
        "must be an http, https, mailto or tel URL, or begin with one slash, percent-encoded \
         (RFC 3986), of at most 2048 characters",
    ))
}

/// A telephone number (RFC 3966): digits with a plus before them, `-`, `.`, `*` and brackets
/// between them, and parameters behind them. Short numbers such as `tel:112` need no context here,
/// since everybody writes them so.
fn is_tel(text: &str) -> bool {
    is_short(text) && TEL.is_match(text) && Uri::parse(text).is_ok()
}

/// An address of the site itself: its path, and what may stand behind a path. Two slashes, and a
/// backslash in the place of one, would lead to another host.
fn is_site_path(text: &str) -> bool {
    let other_host = text.get(1..2).is_some_and(|second| second == "/" || second == "\\");
    is_short(text) && text.starts_with('/') && !other_host && UriRef::parse(text).is_ok()
}

fn is_short(text: &str) -> bool {
    text.chars().count() as u64 <= URL_MAX
}

fn has_scheme(text: &str, schemes: &[&str]) -> bool {
    // Browsers repair what no URI may hold (RFC 3986), such as letters beyond ASCII, each in its own
    // way: what is kept and handed on must not depend on that. Only lower case is promised by the
    // published patterns.
    let named = schemes.iter().any(|scheme| {
        text.strip_prefix(scheme)
            .is_some_and(|rest| rest.starts_with(if *scheme == "mailto" { ":" } else { "://" }))
    });
    is_short(text) && named && Url::parse(text).is_ok() && Uri::parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }

    #[test]
    fn links_lead_to_pages_mailboxes_telephones_and_addresses_of_the_site() {
        for good in [
            "https://example.org/",
            "mailto:desk@example.org",
            "tel:+48-22-555-01-00",
            "tel:112",
            "tel:(22)555.01.00;phone-context=+48",
            "/",
            "/world/ferry?from=links#times",
        ] {
            assert!(link_url(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "tel:",
            "tel:+",
            "tel:+48 22 555",
            "tel:help",
            "//evil.example/",
            "/\\evil.example/",
            "/łódź",
            "/a b",
            "world/ferry",
            "ftp://example.org/",
            "data:text/html,x",
            "/\t/evil.example",
        ] {
            assert!(link_url(bad).is_err(), "{bad}");
        }
    }
}
