//! Where a request comes from: its sender's address, past the proxies that are trusted.
use std::{
    future::{Ready, ready},
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpRequest,
    dev::{Payload, RequestHead},
};
use ipnet::IpNet;

use super::{forwarded, frontend::Frontend};
use crate::{
    config::Config,
    error::{Error, Result},
};

/// Stands for the process itself, which makes requests without a connection.
const INSIDE: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// Handler argument: the address of whoever sent the request. Where proxies are trusted
/// (`TRUSTED_PROXIES`), it is the last one in `CLIENT_ADDRESS_HEADER` that is none of theirs: what
/// stands before it, its sender can have made up. Where a frontend asks for a reader
/// (`FRONTEND_TOKEN`), it is the reader's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address(pub IpAddr);

/// Whose request it is, and so whom it counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// Whoever is at this address.
    Client(Address),
    /// A frontend, for no reader in particular.
    Frontend,
    /// This very process.
    Process,
}

impl Sender {
    /// Refuses what a frontend says wrongly.
    pub fn of(head: &RequestHead, config: &Config) -> Result<Self> {
        Ok(match Frontend::of(head, config)? {
            Frontend::ForReader(address) => Self::Client(address),
            Frontend::OfItsOwn => Self::Frontend,
            Frontend::No => match Address::past_proxies(head, config) {
                Address(INSIDE) => Self::Process,
                address => Self::Client(address),
            },
        })
    }
}

impl Address {
    /// Where the request entered the line of trusted proxies.
    fn past_proxies(head: &RequestHead, config: &Config) -> Self {
        let proxies = &config.trusted_proxies;
        let mut address = head.peer_addr.map_or(INSIDE, |peer| peer.ip());
        if proxies.trust(address) {
            for hop in forwarded::hops(head.headers(), &config.client_address_header) {
                // A proxy that hides whom it speaks for is as far as can be seen.
                let Some(hop) = hop else { break };
                address = hop;
                if !proxies.trust(address) {
                    break;
                }
            }
        }
        Self(address.to_canonical())
    }

    /// What stands for one party: a single IPv4 address, or the /64 that an IPv6 host chooses its
    /// addresses from.
    pub fn party(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        }
    }

    /// The network around it: an IPv4 /24 or an IPv6 /48, as providers hand them out; what tells
    /// roughly where somebody is, and not who.
    pub fn network(self) -> IpNet {
        let length = if self.0.is_ipv4() { 24 } else { 48 };
        IpNet::new(self.0, length).map_or_else(|_| self.0.into(), |network| network.trunc())
    }
}

impl FromRequest for Address {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(sender(req).and_then(|sender| match sender {
            Sender::Client(address) => Ok(address),
            Sender::Process => Ok(Self(INSIDE)),
            Sender::Frontend => Err(Error::internal("a frontend's own requests have no address")),
        }))
    }
}

/// Whose request it is, by the settings of the app.
pub fn sender(req: &HttpRequest) -> Result<Sender> {
    let config = req.app_data::<Arc<Config>>();
    let config = config.ok_or_else(|| Error::internal("no Config in app_data"))?;
    Sender::of(req.head(), config)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const TOKEN: &str = "the-site-renders-on-its-own-server";

    /// Whose request it is that comes from this peer with these headers.
    fn asked(header: &str, peer: &str, headers: &[(&str, &str)]) -> Result<Sender> {
        let config = Config::read(|name| match name {
            "TRUSTED_PROXIES" => Some("10.0.0.0/8, ::1".to_owned()),
            "CLIENT_ADDRESS_HEADER" => Some(header.to_owned()),
            "FRONTEND_TOKEN" => Some(format!("{},{TOKEN}", "x".repeat(32))),
            _ => None,
        });
        let mut request = TestRequest::default().peer_addr(peer.parse().unwrap());
        for header in headers {
            request = request.append_header(*header);
        }
        Sender::of(request.to_http_request().head(), &config.unwrap())
    }

    fn seen(header: &str, peer: &str, headers: &[(&str, &str)]) -> String {
        match asked(header, peer, headers).unwrap() {
            Sender::Client(Address(address)) => address.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_stranger_s_word_is_not_taken() {
        for header in ["x-forwarded-for", "forwarded", "x-real-ip"] {
            let word = if header == "forwarded" { "for=192.0.2.1" } else { "192.0.2.1" };
            assert_eq!(seen(header, "203.0.113.9:1", &[(header, word)]), "203.0.113.9");
        }
    }

    #[test]
    fn the_last_address_that_is_no_trusted_proxy_counts() {
        let seen = |peer, headers: &[_]| seen("x-forwarded-for", peer, headers);
        let spoofed = "192.0.2.1, 198.51.100.7, 10.1.1.1";
        assert_eq!(seen("10.0.0.1:1", &[("x-forwarded-for", spoofed)]), "198.51.100.7");
        let several = [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(seen("[::ffff:10.0.0.1]:1", &several), "198.51.100.7");
        assert_eq!(seen("10.0.0.1:1", &[]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1:1", &[("x-forwarded-for", "10.0.0.2")]), "10.0.0.2");
    }

    #[test]
    fn what_cannot_be_read_ends_the_walk_at_the_last_trusted_proxy() {
        let seen = |headers: &[_]| seen("x-forwarded-for", "10.0.0.1:1", headers);
        assert_eq!(seen(&[("x-forwarded-for", "192.0.2.1, unknown")]), "10.0.0.1");
        assert_eq!(seen(&[("x-forwarded-for", "192.0.2.1, unknown, 10.0.0.2")]), "10.0.0.2");
        assert_eq!(seen(&[("x-forwarded-for", "192.0.2.1,")]), "10.0.0.1");
        let unreadable = [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-for", "\u{142}")];
        assert_eq!(seen(&unreadable), "10.0.0.1");
    }

    #[test]
    fn one_header_is_believed_and_no_other() {
        let all = [
            ("x-forwarded-for", "192.0.2.1"),
            ("forwarded", r#"for=192.0.2.2;proto=https, By=x;FOR="[2001:db8::17]:4711""#),
            ("x-real-ip", "192.0.2.3"),
        ];
        let seen = |header, headers: &[_]| seen(header, "[::1]:1", headers);
        assert_eq!(seen("X-Forwarded-For", &all), "192.0.2.1");
        assert_eq!(seen("Forwarded", &all), "2001:db8::17");
        assert_eq!(seen("X-Real-IP", &all), "192.0.2.3");
        assert_eq!(seen("CF-Connecting-IP", &all), "::1");
    }

    #[test]
    fn a_frontend_with_the_token_says_for_whom_it_asks() {
        let asked = |headers: &[_]| asked("x-forwarded-for", "203.0.113.9:1", headers);
        let reader = ("reader-address", "192.0.2.1");
        let other = "x".repeat(32);
        let known = ("frontend-token", TOKEN);
        let address = |text: &str| Sender::Client(Address(text.parse().unwrap()));
        assert_eq!(asked(&[known, reader]).unwrap(), address("192.0.2.1"));
        assert_eq!(asked(&[("frontend-token", &other), reader]).unwrap(), address("192.0.2.1"));
        assert_eq!(asked(&[known]).unwrap(), Sender::Frontend);
        assert_eq!(asked(&[reader]).unwrap(), address("203.0.113.9"));
        let refused = |headers: &[_], name: &str| {
            let refusal = asked(headers).unwrap_err().to_string();
            assert!(refusal.starts_with(name) && !refusal.contains(TOKEN), "{refusal}");
        };
        refused(&[("frontend-token", &TOKEN[1..]), reader], "Frontend-Token");
        refused(&[("frontend-token", ""), reader], "Frontend-Token");
        refused(&[known, ("reader-address", "somebody")], "Reader-Address");
        refused(&[known, reader, ("reader-address", "192.0.2.2")], "Reader-Address");
    }

    #[test]
    fn a_network_s_host_is_one_party() {
        let one = Address("2001:db8:1:2:3:4:5:6".parse().unwrap());
        let other = Address("2001:db8:1:2:ffff::1".parse().unwrap());
        assert_eq!(one.party(), other.party());
        assert_eq!(Address("192.0.2.1".parse().unwrap()).party().to_string(), "192.0.2.1");
        assert_eq!(Address("192.0.2.1".parse().unwrap()).network().to_string(), "192.0.2.0/24");
        assert_eq!(one.network().to_string(), "2001:db8:1::/48");
    }
}
