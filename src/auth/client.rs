//! What a request tells of the program and the place that somebody signs in from: enough for them
//! to know it again in a list, and no more.
use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};

use crate::{
    error::{Error, Result},
    http::address::{Sender, sender},
};

/// Handler argument: the kind of device and the network that a request comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// A program and a system, such as `Firefox on Windows`, as its `User-Agent` says.
    pub device: Option<String>,
    /// The network around its address, such as `192.0.2.0/24`.
    pub network: Option<String>,
}

impl FromRequest for Client {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let agent = req.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        ready(sender(req).map(|sender| {
            let network = match sender {
                Sender::Client(address) => Some(address.network().to_string()),
                Sender::Frontend | Sender::Process => None,
            };
            Self { device: agent.and_then(device), network }
        }))
    }
}

/// Programs by what their user agents contain. Nearly all imitate others: whoever is imitated
/// comes after those who do so.
const PROGRAMS: &[(&str, &str)] = &[
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems in the same way.
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
];

/// The longest name that is taken from a program which is none of those, in characters.
const NAME_MAX: usize = 40;

/// The kind of device that this user agent (RFC 9110, section 10.1.5) is of, as far as it says.
fn device(agent: &str) -> Option<String> {
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    let program = find(PROGRAMS).or_else(|| product(agent));
    match (program, find(SYSTEMS)) {
        (Some(program), Some(system)) => Some(format!("{program} on {system}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

/// The name of the first product, which is the program's own where it is no browser.
fn product(agent: &str) -> Option<&str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name = agent.split(['/', ' ']).next()?;
    let plain = (1..=NAME_MAX).contains(&name.len()) && name.chars().all(fits);
    (plain && name != "Mozilla").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_by_program_and_system() {
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (agent, said) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Windows",
            ),
            (
                &*format!(
                    "Mozilla/5.0 (X11; Linux x86_64) {webkit} Chrome/140.0.0.0 Safari/537.36"
                ),
                "Chrome on Linux",
            ),
            (
                &*format!(
                    "Mozilla/5.0 (Windows NT 10.0) {webkit} Chrome/140.0 Safari/537.36 Edg/140.0"
                ),
                "Edge on Windows",
            ),
            (
                &*format!("Mozilla/5.0 (Linux; Android 10; K) {webkit} Chrome/140.0 Safari/537.36"),
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like \
                 Gecko) Version/18.5 Safari/605.1.15",
                "Safari on macOS",
            ),
            ("curl/8.14.1", "curl"),
            ("python-requests/2.32", "python-requests"),
            ("Mozilla/5.0 (Windows NT 10.0)", "Windows"),
        ] {
            assert_eq!(device(agent).as_deref(), Some(said), "{agent}");
        }
    }

    #[test]
    fn what_is_no_name_is_not_kept() {
        let long = "x".repeat(41);
        for agent in ["", "Mozilla/5.0", "<b>desk</b>", "ewa@example.org", "(none)", &long] {
            assert_eq!(device(agent), None, "{agent}");
        }
    }
}
