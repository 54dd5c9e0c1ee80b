//! Parties: who sends a request, known again for a while and never by name.
use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use super::tokens::Keys;
use crate::{
    error::{Error, Result},
    http::address::{self, Address, Sender},
};

/// Handler argument: a pseudonym for the address that a request comes from; `None` for those
/// that are made inside the process. Addresses themselves are kept nowhere, and without the
/// secret that signs tokens none can be told from its pseudonym.
#[derive(Debug, Clone)]
pub struct Party(pub Option<String>);

impl FromRequest for Party {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let pseudonym = |keys: &Keys, address: Address| {
            keys.pseudonym(&["party", &address.party().to_string()]).to_string()
        };
        let keys = Keys::from_request(req, payload).into_inner();
        ready(keys.and_then(|keys| match address::sender(req)? {
            Sender::Client(address) => Ok(Self(Some(pseudonym(&keys, address)))),
            Sender::Process => Ok(Self(None)),
            Sender::Frontend => Err(Error::internal("a frontend's own requests are no party's")),
        }))
    }
}
