//! Connections: how many one party may hold open at once.
use std::{
    any::Any,
    collections::HashMap,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{
    ResponseError,
    body::{EitherBody, MessageBody},
    dev::{Extensions, ServiceRequest, ServiceResponse},
    http::ConnectionType,
    middleware::Next,
    rt::net::TcpStream,
};

use super::address::Address;
use crate::{
    config::{Config, Proxies},
    error::{Error, RateLimit, Result},
};

/// Seconds after which one of a party's connections may have gone.
const RETRY_AFTER: u32 = 5;

/// The connections that are open, by who holds them. Those of trusted proxies are not counted.
/// Cheap to clone.
#[derive(Clone)]
pub struct Connections {
    open: Arc<Mutex<HashMap<IpAddr, u32>>>,
    most: Option<NonZeroU32>,
    proxies: Proxies,
}

/// One of them, until it is closed.
struct Connection {
    of: Connections,
    party: IpAddr,
    /// Whether the party held as many already when this one came.
    too_many: bool,
}

impl Connections {
    /// None as yet.
    pub fn new(config: &Config) -> Self {
        let (most, proxies) = (config.connections_per_address, config.trusted_proxies.clone());
        Self { open: Arc::default(), most, proxies }
    }

    /// Counts a connection as long as its extensions live.
    pub fn count(&self, connection: &dyn Any, extensions: &mut Extensions) {
        let peer =
            connection.downcast_ref::<TcpStream>().and_then(|stream| stream.peer_addr().ok());
        let (Some(most), Some(peer)) = (self.most, peer) else { return };
        if self.proxies.trust(peer.ip()) {
            return;
        }
        let party = Address(peer.ip().to_canonical()).party();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let held = open.entry(party).or_default();
        *held += 1;
        let too_many = *held > most.get();
        extensions.insert(Connection { of: self.clone(), party, too_many });
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut open = self.of.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = open.get_mut(&self.party) {
            *held -= 1;
            if *held == 0 {
                open.remove(&self.party);
            }
        }
    }
}

/// Middleware around the whole app: refuses and closes a connection that is one too many.
pub async fn hold<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    if req.conn_data::<Connection>().is_none_or(|connection| !connection.too_many) {
        return next.call(req).await.map(ServiceResponse::map_into_left_body);
    }
    let refusal =
        Error::TooManyRequests { retry_after: RETRY_AFTER, limit: RateLimit::Connections };
    let mut refusal = refusal.error_response();
    refusal.head_mut().set_connection_type(ConnectionType::Close);
    Ok(req.into_response(refusal).map_into_right_body())
}
