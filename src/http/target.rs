//! What a request is sent to: every address has one spelling, and a request that uses another, or
//! names no host, gets no further.
//!
//! Proxies, limits, caches, metrics and the router each look at the path. If two of them read one
//! path differently, a rule that one keeps is walked around at the other. So nothing is decoded
//! here: what is not in normal form (RFC 3986, 6.2.2) is refused. What the addresses of this server
//! are made of needs no escapes, so behind this check an address is what it looks like; an escape
//! that the normal form keeps stands in no address, and is found missing where it is looked for.
use actix_web::{
    dev::RequestHead,
    http::{
        Uri,
        header::{self, HeaderValue},
        uri::Scheme,
    },
};

use crate::error::{Error, Result};

/// Whether a request with this head may go on.
pub fn check(head: &RequestHead) -> Result<()> {
    if head.uri.authority().is_some() {
        return Err(Error::malformed("The request's target is no address of this server."));
    }
    check_path(head.uri.path())?;
    head.headers.get_all(header::HOST).try_for_each(check_host)
}

/// The path and query of a target that names the server as well (absolute-form, RFC 9112, 3.2.2);
/// `None` where it does not. An authority that is no host is left, to be refused.
pub fn without_origin(uri: &Uri) -> Option<Uri> {
    let authority = uri.authority()?;
    let known = uri.scheme() == Some(&Scheme::HTTP) || uri.scheme() == Some(&Scheme::HTTPS);
    let origin_form = uri.path_and_query().filter(|_| known && is_host(authority.as_str()))?;
    // By way of its text, which is a stroke where nothing stands.
    origin_form.as_str().parse().ok()
}

/// Refuses a path that is another spelling of one, or none at all.
pub fn check_path(path: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_~".contains(&byte);
    if path.starts_with('/') && path.bytes().all(plain) {
        return Ok(());
    }
    let whole = format!("http://host{path}");
    let parsed = fluent_uri::Uri::parse(whole.as_str()).ok().filter(|_| path.starts_with('/'));
    let parsed = parsed.ok_or_else(|| {
        Error::malformed("The request's target is no path as RFC 3986 (section 3.3) writes it.")
    })?;
    let normal = parsed.normalize();
    let normal = normal.path().as_str();
    if normal == path {
        return Ok(());
    }
    Err(Error::malformed(format!(
        "Write the path in its normal form (RFC 3986, section 6.2.2): {normal}"
    )))
}

/// Refuses a `Host` that names none (RFC 9112, 3.2). One that is missing or stands there twice
/// is refused where requests are parsed.
fn check_host(given: &HeaderValue) -> Result<()> {
    if given.to_str().is_ok_and(is_host) {
        return Ok(());
    }
    let detail = "expected the name or address of a host, and its port where that is not usual";
    Err(Error::parameter("Host", "format", detail))
}

/// Whether this is a `uri-host [":" port]` (RFC 9110, 7.2).
fn is_host(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    let (name, port) = text.rsplit_once(':').unwrap_or((text, ""));
    if name.bytes().all(plain) && port.bytes().all(|byte| byte.is_ascii_digit()) {
        return true;
    }
    let whole = format!("//{text}");
    fluent_uri::UriRef::parse(whole.as_str()).is_ok_and(|parsed| {
        let host = parsed.authority().filter(|authority| authority.as_str() == text);
        host.is_some_and(|authority| !authority.has_userinfo())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        for path in [
            "/",
            "/v1/page",
            "//v1",
            "/v1//page/",
            "/v1/a.b",
            "/.well-known/x",
            "/a;b@c:d",
            "/%00",
            "/v1/a%2Fb",
            "/%256danage",
            "/v1/%FF",
            "/%C3%B3",
            "/v1/%40",
        ] {
            assert!(check_path(path).is_ok(), "{path}");
        }
        for path in [
            "",
            "*",
            "v1",
            "/%6danage/v1/me",
            "/%6Danage/v1/me",
            "/v1/%7e",
            "/v1/a%2fb",
            "/v1/./page",
            "/v1/../manage/v1/me",
            "/v1/%2e%2E/manage",
            "/v1/page/..",
            "/v1/.",
            "/%",
            "/%4",
            "/%zz",
            "/a b",
            "/ó",
            "/a\"b",
            "/{id}",
            "/a|b",
            "/a\\b",
            "/%C3%b3",
        ] {
            assert!(matches!(check_path(path), Err(Error::Malformed { .. })), "{path}");
        }
    }

    #[test]
    fn a_refusal_names_the_spelling_that_is_taken() {
        let refusal = check_path("/v1/../%6danage//v1/me").unwrap_err().to_string();
        assert!(refusal.ends_with(": /manage//v1/me"), "{refusal}");
    }

    #[test]
    fn a_host_is_a_name_or_an_address() {
        for host in [
            "",
            "x",
            "News.example",
            "news.example:80",
            "127.0.0.1:8080",
            "[::1]",
            "[::1]:80",
            "a_b.c",
            "x:",
            "%C3%B3.pl",
        ] {
            assert!(is_host(host), "{host}");
        }
        for host in
            ["a b", "a/b", "user@x", "x:80:80", "x:p", "[::1", "::1", "a?b", "a#b", "%zz", "ó"]
        {
            assert!(!is_host(host), "{host}");
        }
    }

    #[test]
    fn an_absolute_target_is_its_path() {
        let origin_form = |uri: &'static str| without_origin(&Uri::from_static(uri));
        assert_eq!(origin_form("http://x.example:80/v1/page?path=/").unwrap(), "/v1/page?path=/");
        assert_eq!(origin_form("https://x").unwrap(), "/");
        for other in ["/v1/page?path=/", "*", "x.example:443", "ftp://x/v1", "http://user@x/v1"] {
            assert_eq!(origin_form(other), None, "{other}");
        }
    }
}
