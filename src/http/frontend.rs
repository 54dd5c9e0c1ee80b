//! A site that renders on its server: known by a token, it says for which reader it asks.
use actix_web::{
    dev::RequestHead,
    http::{
        Method,
        header::{HeaderMap, HeaderName},
    },
};
use subtle::{Choice, ConstantTimeEq};

use super::{address::Address, forwarded};
use crate::{
    config::{Config, Secret},
    error::{Error, Result},
};

/// What the frontend is known by. Not `Authorization`, since shared caches keep away from answers
/// to requests that have it (RFC 9111, 3.5).
const FRONTEND_TOKEN: HeaderName = HeaderName::from_static("frontend-token");
/// The address of the reader for whom it asks.
const READER_ADDRESS: HeaderName = HeaderName::from_static("reader-address");

/// What a request says of the frontend that it comes from.
pub enum Frontend {
    /// It comes from none.
    No,
    /// It is asked for this reader.
    ForReader(Address),
    /// It is the frontend's own, such as a page that it makes before any reader asks.
    OfItsOwn,
}

impl Frontend {
    /// Refuses what a frontend would have to know about: a token that is wrong, and, where the
    /// token is right, an address that is none. What changes something is some reader's doing, and
    /// has to say whose.
    pub fn of(head: &RequestHead, config: &Config) -> Result<Self> {
        let Some(token) = head.headers().get(FRONTEND_TOKEN) else { return Ok(Self::No) };
        if !is_among(&config.frontend_tokens, token.as_bytes()) {
            return Err(Error::parameter(
                "Frontend-Token",
                "wrong",
                "is none of those in the setting FRONTEND_TOKEN",
            ));
        }
        match reader(head.headers())? {
            Some(address) => Ok(Self::ForReader(address)),
            None if [Method::GET, Method::HEAD, Method::OPTIONS].contains(&head.method) => {
                Ok(Self::OfItsOwn)
            }
            None => Err(Error::parameter(
                "Reader-Address",
                "required",
                "has to say for whom the frontend changes something",
            )),
        }
    }
}

fn reader(headers: &HeaderMap) -> Result<Option<Address>> {
    let mut given = headers.get_all(READER_ADDRESS);
    let Some(first) = given.next() else { return Ok(None) };
    let address = first.to_str().ok().and_then(forwarded::address);
    match address.filter(|_| given.next().is_none()) {
        Some(address) => Ok(Some(Address(address))),
        None => {
            Err(Error::parameter("Reader-Address", "address", "is not one IPv4 or IPv6 address"))
        }
    }
}

/// Takes as long whichever it is, and however much of it is right.
fn is_among(tokens: &[Secret], given: &[u8]) -> bool {
    let equal = tokens.iter().map(|token| token.reveal().as_bytes().ct_eq(given));
    equal.fold(Choice::from(0), |any, one| any | one).into()
}
