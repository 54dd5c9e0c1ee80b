//! What is noted of every request once it has been answered: figures, and a line in the log.
use std::{sync::Arc, time::Instant};

use actix_web::{
    HttpMessage,
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
};

use super::{
    cache::CACHE_STATUS,
    gate::SignedIn,
    meter::Meter,
    routes::{Routes, Served},
};
use crate::config::Config;

/// A request under way.
pub struct Watch {
    begun: Instant,
    method: Method,
    served: Option<Served>,
}

impl Watch {
    /// Begins with the request, before anything is done about it.
    pub fn begin(req: &ServiceRequest) -> Self {
        let (begun, method) = (Instant::now(), req.method().clone());
        let served = req.app_data::<Routes>().and_then(|routes| routes.served(&method, req.path()));
        Self { begun, method, served }
    }

    /// Notes the answer to the request with this id.
    pub fn end<B>(self, request_id: &str, answer: &ServiceResponse<B>) {
        let took = self.begun.elapsed();
        let (req, status) = (answer.request(), answer.status());
        if let Some(meter) = req.app_data::<Meter>() {
            meter.count(self.served, status, answer.headers(), took);
        }
        if !req.app_data::<Arc<Config>>().is_some_and(|config| config.operations.access_log) {
            return;
        }
        let route = self.served.zip(req.app_data::<Routes>());
        let cache = answer.headers().get(&CACHE_STATUS).and_then(|status| status.to_str().ok());
        tracing::info!(
            target: "broadsheet::access",
            request_id,
            user_id = req.extensions().get::<SignedIn>().map(|SignedIn(id)| tracing::field::display(*id)),
            method = self.method.as_str(),
            // The query is left out: people put into it what nobody should read.
            path = req.path(),
            route = route.map(|(served, routes)| routes.template(served)),
            status = status.as_u16(),
            duration_ms = took.as_secs_f64() * 1000.0,
            cache,
            "answered"
        );
    }
}
