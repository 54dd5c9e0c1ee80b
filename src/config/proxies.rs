//! Proxies whose word on where a request comes from is taken, and the header that has it.
use std::{net::IpAddr, str::FromStr};

use actix_web::http::header::{FORWARDED, HeaderName, X_FORWARDED_FOR};
use ipnet::IpNet;

/// The networks that trusted proxies are in; none means that nobody's word is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Whether a proxy at this address is trusted.
    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl FromStr for Proxies {
    type Err = String;
    fn from_str(list: &str) -> Result<Self, Self::Err> {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let networks = entries.map(|entry| {
            let network =
                entry.parse::<IpNet>().or_else(|_| entry.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| {
                format!("`{entry}` is neither an address nor a network such as 10.0.0.0/8")
            })
        });
        networks.collect::<Result<_, _>>().map(Self)
    }
}

/// The one header in which trusted proxies say where a request comes from. No other is looked at:
/// proxies overwrite the one that they know, and hand on whatever else a client has made up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAddressHeader {
    /// `Forwarded` (RFC 7239): each proxy appends an element.
    Forwarded,
    /// `X-Forwarded-For`: each proxy appends an address.
    XForwardedFor,
    /// Any other, such as `X-Real-IP`: one address.
    Single(HeaderName),
}

impl FromStr for ClientAddressHeader {
    type Err = &'static str;
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let name = HeaderName::from_str(name);
        let name = name.map_err(|_| "take the name of a header, such as X-Real-IP")?;
        Ok(match name {
            name if name == FORWARDED => Self::Forwarded,
            name if name == X_FORWARDED_FOR => Self::XForwardedFor,
            name => Self::Single(name),
        })
    }
}
