//! `Id`: the id, and where there is one the number, in a request's path.
use std::{
    fmt::Display,
    future::{Ready, ready},
    str::FromStr,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use super::routes;
use crate::error::{Error, Result};

/// Handler argument: the `{id}` of the path.
#[derive(Debug, Clone, Copy)]
pub struct Id<T>(pub T);

/// Handler argument: the `{number}` of the path, from 1.
#[derive(Debug, Clone, Copy)]
pub struct Number(pub i32);

/// Handler argument: the `{link_id}` of the path, beside an [`Id`].
#[derive(Debug, Clone, Copy)]
pub struct LinkIdOf<T>(pub T);

/// What the segment says, in the one spelling that it has here: `01` is no number, and a UUID is
/// in lower case. Otherwise every id would have millions of addresses, each with an answer of its
/// own in every cache.
fn segment<T: FromStr + Display>(
    req: &HttpRequest,
    name: &'static str,
    expected: &str,
) -> Result<T> {
    let text = req.match_info().get(name).unwrap_or_default();
    let read = text.parse::<T>().ok().filter(|read| read.to_string() == text);
    read.ok_or_else(|| match routes::methods_of_literal(req) {
        // Not an id at all, but an address of its own that answers to other methods.
        Some(methods) => Error::MethodNotAllowed(methods),
        None => Error::parameter(name, "format", expected),
    })
}

impl<T: FromStr + Display> FromRequest for Id<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(segment(req, "id", "expected a UUID in lower case").map(Self))
    }
}

impl<T: FromStr + Display> FromRequest for LinkIdOf<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(segment(req, "link_id", "expected a UUID in lower case").map(Self))
    }
}

impl FromRequest for Number {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let number = segment::<i32>(req, "number", "expected a whole number from 1");
        ready(match number {
            Ok(number) if number >= 1 => Ok(Self(number)),
            Ok(_) => Err(Error::parameter("number", "range", "expected a whole number from 1")),
            Err(err) => Err(err),
        })
    }
}

/// Handler argument: the `{name}` of the path.
#[derive(Debug, Clone)]
pub struct Name(pub String);

impl FromRequest for Name {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(segment(req, "name", "expected a name").map(Self))
    }
}
