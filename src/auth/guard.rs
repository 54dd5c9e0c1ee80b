//! The guard of the management face: finds out who calls, and stops who may not.
use std::{
    future::{Ready, ready},
    marker::PhantomData,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header,
    middleware::Next,
};

use super::{
    queries,
    roles::{Permission, Role},
    tokens::Keys,
};
use crate::{
    db::{Actor, Context, Db},
    error::{Error, Result},
    http::{gate::RequestId, routes::check_query, watch::SignedIn},
    ids::{SectionId, SessionId, UserId},
    time::{Instant, Now},
};

/// A signed-in user, as this request sees one.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their roles.
    pub roles: Vec<Role>,
    /// The sections that an editor or author is limited to; none means all.
    pub sections: Vec<SectionId>,
    /// The sign-in that the token belongs to.
    pub session: SessionId,
    /// When the request is decided.
    pub now: Instant,
    /// The request's id.
    pub request_id: String,
}

impl Caller {
    /// Whether one of their roles is this one.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether one of their roles has this permission.
    pub fn may<P: Permission>(&self) -> bool {
        P::ROLES.iter().any(|role| self.is(*role))
    }
}

impl From<Caller> for Context {
    fn from(caller: Caller) -> Self {
        let Caller { id, name, session, now, request_id, .. } = caller;
        Self { actor: Actor::User { id, name, session }, now, request_id }
    }
}

/// What the middleware found out, for the guard behind it.
struct Known(Result<Caller>);

/// Middleware of the management face: looks up whom the token belongs to. Guards refuse, so
/// that signing in needs no token.
pub async fn identify<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let caller = find_caller(req.request()).await;
    if let Ok(Caller { id, .. }) = &caller {
        req.extensions_mut().insert(SignedIn(*id));
    }
    req.extensions_mut().insert(Known(caller));
    next.call(req).await
}

async fn find_caller(req: &HttpRequest) -> Result<Caller> {
    let mut given = req.headers().get_all(header::AUTHORIZATION);
    let token = match (given.next(), given.next()) {
        (Some(value), None) => value.to_str().ok().and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
        }),
        _ => None,
    };
    let token = token.ok_or(Error::Unauthenticated("Send one Authorization: Bearer header."))?;
    let (now, keys, db) = (Now::of(req), Keys::extract(req).await?, Db::extract(req).await?);
    let request_id = request_id(req);
    let claims = keys.read_access(&token, now)?;
    let known = db.read(move |conn| queries::find_caller(conn, &claims, now)).await?;
    let (account, session) =
        known.ok_or(Error::Unauthenticated("This sign-in has ended. Sign in again."))?;
    Ok(Caller {
        id: account.id,
        name: account.name,
        roles: account.roles.0,
        sections: account.sections.0,
        session,
        now,
        request_id,
    })
}

fn request_id(req: &HttpRequest) -> String {
    req.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

/// Handler argument: the caller, who has permission `P`. Synchronous, so that it refuses before
/// any argument behind it looks at the request.
pub struct Allow<P> {
    /// Who.
    pub caller: Caller,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequest for Allow<P> {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let missing = || Err(Error::internal("the guard's middleware is missing"));
        let known = req.extensions_mut().remove::<Known>().map_or_else(missing, |known| known.0);
        ready(known.and_then(|caller| {
            if !caller.may::<P>() {
                return Err(Error::Forbidden(format!("This needs the permission {}.", P::NAME)));
            }
            check_query(req)?;
            Ok(Self { caller, permission: PhantomData })
        }))
    }
}

/// Handler argument: a reader who is about to write.
pub struct Guest(pub Context);

impl FromRequest for Guest {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (now, request_id) = (Now::of(req), request_id(req));
        let guest = Self(Context { actor: Actor::Guest, now, request_id });
        ready(check_query(req).map(|()| guest))
    }
}
