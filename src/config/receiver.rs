//! Where purges go, and by what right: `PURGE_URL` and `PURGE_TOKEN`, read together.
use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use ureq::http::Uri;
use url::Url;

use super::{ConfigError, Secret};

/// Who takes purges. An address can hold a secret anywhere, so only its origin shows.
#[derive(Clone)]
pub struct Receiver {
    origin: String,
    address: Secret,
    credentials: Vec<(&'static str, Secret)>,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (the rest is secret)", self.origin)
    }
}

impl Receiver {
    pub(super) fn read(
        url: Option<String>,
        token: Option<String>,
    ) -> Result<Option<Self>, ConfigError> {
        match (url, token) {
            (Some(url), token) => Self::new(&url, token).map(Some),
            (None, Some(_)) => Err(token_problem("is for PURGE_URL, which is not set")),
            (None, None) => Ok(None),
        }
    }

    fn new(url: &str, token: Option<String>) -> Result<Self, ConfigError> {
        let mut url = Url::parse(url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| url_problem("expected a URL such as https://cache.example/purge"))?;
        let mut credentials = token.map(of_token).transpose()?.unwrap_or_default();
        if let Some(basic) = of_url(&url) {
            if !credentials.is_empty() {
                return Err(token_problem("PURGE_URL names a user already; drop one of the two"));
            }
            credentials.push(("authorization", basic));
        }
        // Neither can fail where there is a host.
        let _ = (url.set_username(""), url.set_password(None));
        url.set_fragment(None);
        if url.as_str().parse::<Uri>().is_err() {
            return Err(url_problem("holds characters that have to be percent-encoded"));
        }
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            address: Secret::new(url),
            credentials,
        })
    }

    /// Scheme, host and port: what may be shown of it.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Where to post to, without the credentials.
    pub fn address(&self) -> &Secret {
        &self.address
    }

    /// The headers that say by what right.
    pub fn credentials(&self) -> &[(&'static str, Secret)] {
        &self.credentials
    }
}

/// As bearers show it (RFC 6750), and as Fastly's interface wants it.
fn of_token(token: String) -> Result<Vec<(&'static str, Secret)>, ConfigError> {
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(token_problem("expected visible ASCII characters without spaces"));
    }
    let bearer = Secret::new(format!("Bearer {token}"));
    Ok(vec![("authorization", bearer), ("fastly-key", Secret::new(token))])
}

/// A user and a password in the URL, as RFC 7617 sends them.
fn of_url(url: &Url) -> Option<Secret> {
    let named = !url.username().is_empty() || url.password().is_some();
    named.then(|| {
        let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
        pair.push(b':');
        pair.extend(percent_decode_str(url.password().unwrap_or_default()));
        Secret::new(format!("Basic {}", STANDARD.encode(pair)))
    })
}

/// What was given is not repeated: it may be a secret.
fn url_problem(problem: &str) -> ConfigError {
    ConfigError { name: "PURGE_URL", problem: problem.to_owned() }
}

fn token_problem(problem: &str) -> ConfigError {
    ConfigError { name: "PURGE_TOKEN", problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str, token: Option<&str>) -> Result<Receiver, String> {
        let read = Receiver::read(Some(url.to_owned()), token.map(str::to_owned));
        read.map(Option::unwrap).map_err(|err| err.to_string())
    }

    fn credentials(receiver: &Receiver) -> Vec<(&str, &str)> {
        receiver.credentials().iter().map(|(name, value)| (*name, value.reveal())).collect()
    }

    #[test]
    fn a_token_goes_into_the_headers_that_receivers_look_at() {
        let receiver = read("https://api.example:8443/purge?all=no#x", Some("hush")).unwrap();
        assert_eq!(receiver.address().reveal(), "https://api.example:8443/purge?all=no");
        let expected = [("authorization", "Bearer hush"), ("fastly-key", "hush")];
        assert_eq!(credentials(&receiver), expected);
    }

    #[test]
    fn a_user_in_the_url_becomes_a_header() {
        let receiver = read("http://cache:hu%3Ash@[::1]:6081/purge", None).unwrap();
        assert_eq!(receiver.address().reveal(), "http://[::1]:6081/purge");
        let expected = format!("Basic {}", STANDARD.encode("cache:hu:sh"));
        assert_eq!(credentials(&receiver), [("authorization", expected.as_str())]);
    }

    #[test]
    fn nothing_but_the_origin_shows() {
        for (url, token) in [
            ("https://user:hush@cache.example/hush?key=hush", None),
            ("https://cache.example/hush", Some("hush")),
        ] {
            let shown = format!("{:?}", read(url, token).unwrap());
            assert_eq!(shown, "https://cache.example (the rest is secret)");
        }
    }

    #[test]
    fn a_refusal_does_not_repeat_what_was_given() {
        for (url, token, name) in [
            ("ftp://hush.example", None, "PURGE_URL"),
            ("hush.example/purge", None, "PURGE_URL"),
            ("http://", None, "PURGE_URL"),
            ("http://cache.example", Some("hush hush"), "PURGE_TOKEN"),
            ("http://cache.example", Some("hush\u{142}"), "PURGE_TOKEN"),
            ("http://hush@cache.example", Some("hush"), "PURGE_TOKEN"),
        ] {
            let refusal = read(url, token).unwrap_err();
            assert!(refusal.starts_with(name) && !refusal.contains("hush"), "{refusal}");
        }
    }
}
