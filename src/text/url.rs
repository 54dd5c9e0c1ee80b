//! Addresses on the web.
use fluent_uri::Uri;
use url::Url;
use validator::ValidationError;

use super::broken;

/// The longest address, in characters.
pub const URL_MAX: u64 = 2048;

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

/// What a link in a text may lead to: http, https or mailto.
pub fn link_url(text: &str) -> Result<(), ValidationError> {
    if has_scheme(text, &["http", "https", "mailto"]) {
        return Ok(());
    }
    Err(broken(
        "url",
        "must be an http, https or mailto URL, percent-encoded (RFC 3986), of at most 2048 characters",
    ))
}

fn has_scheme(text: &str, schemes: &[&str]) -> bool {
    let short = text.chars().count() as u64 <= URL_MAX;
    // Browsers repair what no URI may hold (RFC 3986), such as letters beyond ASCII, each in its own
    // way: what is kept and handed on must not depend on that. Only lower case is promised by the
    // published patterns.
    let named = schemes.iter().any(|scheme| {
        text.strip_prefix(scheme)
            .is_some_and(|rest| rest.starts_with(if *scheme == "mailto" { ":" } else { "://" }))
    });
    short && named && Url::parse(text).is_ok() && Uri::parse(text).is_ok()
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
        assert!(link_url("mailto:desk@example.org").is_ok());
    }
}
