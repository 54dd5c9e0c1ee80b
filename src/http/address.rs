//! Where a request comes from: its sender's address, past the proxies that are trusted.
use std::{
    future::{Ready, ready},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpRequest,
    dev::{Payload, RequestHead},
    http::header::{self, HeaderMap, HeaderName},
};

use crate::{
    config::{Config, Proxies},
    error::{Error, Result},
};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Stands for the process itself, which makes requests without a connection.
const INSIDE: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// Handler argument: the address of whoever sent the request. Where proxies are trusted
/// (`TRUSTED_PROXIES`), it is the last one in `Forwarded` (RFC 7239) or else in `X-Forwarded-For`
/// that is none of theirs: what stands before it, its sender can have made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address(pub IpAddr);

impl Address {
    /// The address that this request comes from.
    pub fn of(head: &RequestHead, proxies: &Proxies) -> Self {
        let mut address = head.peer_addr.map_or(INSIDE, |peer| peer.ip());
        for named in forwarded(head.headers()).iter().rev() {
            if !proxies.trust(address) {
                break;
            }
            // A proxy that hides whom it speaks for is as far as can be seen.
            let Some(named) = named else { break };
            address = *named;
        }
        Self(address.to_canonical())
    }

    /// The same for a request that came over the network.
    pub fn from_outside(req: &HttpRequest) -> Option<Self> {
        let config = req.app_data::<Arc<Config>>()?;
        let address = Self::of(req.head(), &config.trusted_proxies);
        (address.0 != INSIDE).then_some(address)
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
}

impl FromRequest for Address {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let config = req.app_data::<Arc<Config>>();
        let config = config.ok_or_else(|| Error::internal("no Config in app_data"));
        ready(config.map(|config| Self::of(req.head(), &config.trusted_proxies)))
    }
}

/// The addresses that proxies name, in the order of the way; `None` for one that is not told.
fn forwarded(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lists = |name| headers.get_all(name).filter_map(|value| value.to_str().ok());
    if headers.contains_key(header::FORWARDED) {
        let elements = lists(header::FORWARDED).flat_map(|list| list.split(','));
        return elements.map(|element| node(named_for(element)?)).collect();
    }
    lists(X_FORWARDED_FOR).flat_map(|list| list.split(',')).map(node).collect()
}

/// The value of `for` in an element of `Forwarded`.
fn named_for(element: &str) -> Option<&str> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut named = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    named.next().map(|(_, node)| node)
}

/// The address of a node, which may be quoted and have a port.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    bare.parse::<IpAddr>().or_else(|_| with_port()).ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn seen(peer: &str, headers: &[(&str, &str)]) -> String {
        let proxies = "10.0.0.0/8, ::1".parse().unwrap();
        let mut request = TestRequest::default().peer_addr(peer.parse().unwrap());
        for header in headers {
            request = request.append_header(*header);
        }
        Address::of(request.to_http_request().head(), &proxies).0.to_string()
    }

    #[test]
    fn a_stranger_s_word_is_not_taken() {
        assert_eq!(seen("203.0.113.9:1", &[("x-forwarded-for", "192.0.2.1")]), "203.0.113.9");
        assert_eq!(seen("203.0.113.9:1", &[("forwarded", "for=192.0.2.1")]), "203.0.113.9");
    }

    #[test]
    fn the_last_address_that_is_no_trusted_proxy_counts() {
        let spoofed = "192.0.2.1, 198.51.100.7, 10.1.1.1";
        assert_eq!(seen("10.0.0.1:1", &[("x-forwarded-for", spoofed)]), "198.51.100.7");
        let several = [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(seen("[::ffff:10.0.0.1]:1", &several), "198.51.100.7");
        assert_eq!(seen("10.0.0.1:1", &[]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1:1", &[("x-forwarded-for", "10.0.0.2")]), "10.0.0.2");
    }

    #[test]
    fn forwarded_comes_first_and_is_read_in_every_form() {
        let both = [
            ("x-forwarded-for", "192.0.2.1"),
            ("forwarded", r#"for=192.0.2.2;proto=https, By=x;FOR="[2001:db8:cafe::17]:4711""#),
        ];
        assert_eq!(seen("[::1]:1", &both), "2001:db8:cafe::17");
        assert_eq!(seen("[::1]:1", &[("forwarded", "for=198.51.100.7:80")]), "198.51.100.7");
        assert_eq!(seen("10.0.0.1:1", &[("forwarded", "for=192.0.2.1, for=_hidden")]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1:1", &[("forwarded", "for=unknown")]), "10.0.0.1");
    }

    #[test]
    fn a_network_s_host_is_one_party() {
        let one = Address("2001:db8:1:2:3:4:5:6".parse().unwrap());
        let other = Address("2001:db8:1:2:ffff::1".parse().unwrap());
        assert_eq!(one.party(), other.party());
        assert_eq!(Address("192.0.2.1".parse().unwrap()).party().to_string(), "192.0.2.1");
    }
}
