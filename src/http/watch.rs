//! What is noted of every request once it has been answered: figures, a line in
//! the log, a span.
use std::{sync::Arc, time::Instant};

use actix_web::{
    HttpMessage,
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
};
use opentelemetry::{Context, KeyValue};

use super::{
    address::{self, Sender},
    cache::CACHE_STATUS,
    meter::{InFlight, Meter},
    routes::{Routes, Served},
};
use crate::{
    config::Config,
    ids::UserId,
    traces::{self, Traces},
};

/// Who has asked, once that is known.
#[derive(Debug, Clone, Copy)]
pub struct SignedIn(pub UserId);

/// A request under way.
pub struct Watch {
    begun: Instant,
    method: Method,
    served: Option<Served>,
    in_flight: Option<InFlight>,
    trace: Option<(Traces, Context)>,
}

impl Watch {
    /// Begins with the request, before anything is done about it.
    pub fn begin(req: &ServiceRequest) -> Self {
        let (begun, method) = (Instant::now(), req.method().clone());
        let served = req.app_data::<Routes>().and_then(|routes| routes.served(&method, req.path()));
        let trace = req.app_data::<Traces>().map(|traces| {
            let route = served.zip(req.app_data::<Routes>());
            let name = match route {
                Some((served, routes)) => format!("{method} {}", routes.template(served)),
                None => method.to_string(),
            };
            (traces.clone(), traces.begin(name, req.headers()))
        });
        let in_flight = req.app_data::<Meter>().map(Meter::begin);
        Self { begun, method, served, in_flight, trace }
    }

    /// The trace that the request is a part of, if any.
    pub fn trace(&self) -> Option<(Traces, Context)> {
        self.trace.clone()
    }

    /// Notes the answer to the request with this id.
    pub fn end<B>(self, request_id: &str, answer: &ServiceResponse<B>) {
        let took = self.begun.elapsed();
        let (req, status) = (answer.request(), answer.status());
        if let Some(in_flight) = self.in_flight {
            in_flight.end(self.served, answer.response(), took);
        }
        let logs = req.app_data::<Arc<Config>>().is_some_and(|config| config.operations.access_log);
        if !logs && self.trace.is_none() {
            return;
        }
        let routes = req.app_data::<Routes>();
        let route = self.served.zip(routes).map(|(served, routes)| routes.template(served));
        let user = req.extensions().get::<SignedIn>().map(|SignedIn(id)| id.to_string());
        if let Some((_, request)) = &self.trace {
            let known = [
                ("http.request.method", Some(self.method.to_string())),
                ("url.path", Some(req.path().to_owned())),
                ("http.route", route.map(str::to_owned)),
                ("user.id", user.clone()),
                ("broadsheet.request_id", Some(request_id.to_owned())),
            ];
            let known =
                known.into_iter().filter_map(|(key, value)| Some(KeyValue::new(key, value?)));
            traces::end(request, status.as_u16(), known);
        }
        if !logs {
            return;
        }
        let cache = answer.headers().get(&CACHE_STATUS).and_then(|status| status.to_str().ok());
        let client_address = match address::sender(req) {
            Ok(Sender::Client(address)) => Some(address.0.to_string()),
            Ok(Sender::Frontend | Sender::Process) | Err(_) => None,
        };
        tracing::info!(
            target: "broadsheet::access",
            request_id,
            client_address,
            user_id = user,
            method = self.method.as_str(),
            // The query is left out: people put into it what nobody should read.
            path = req.path(),
            route,
            status = status.as_u16(),
            duration_ms = took.as_secs_f64() * 1000.0,
            cache,
            "answered"
        );
    }
}
