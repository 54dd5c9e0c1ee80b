//! The meter: counts requests and times them, under the names that the API document gives them.
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use actix_web::http::{
    StatusCode,
    header::{HeaderMap, HeaderValue},
};
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry,
};

use super::{
    cache::{BYPASS, CACHE_STATUS, HIT, MISS},
    routes::{Routes, Served},
};
use crate::error::{Error, Result};

/// Bounds of the histogram, in seconds: an answer that is ready takes some hundred-thousandths.
const BOUNDS: [f64; 16] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];

/// The status codes that answers usually have.
const USUAL: [u16; 23] = [
    200, 201, 202, 204, 304, 307, 400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 415, 422, 428,
    429, 500, 503, 507,
];

/// Where the answers of the delivery face came from.
const ORIGINS: [(HeaderValue, &str); 3] = [(HIT, "hit"), (MISS, "miss"), (BYPASS, "bypass")];

/// Counts without a lock and without allocating. Cheap to clone; one for all workers.
#[derive(Clone)]
pub struct Meter(Arc<Inner>);

struct Inner {
    requests: IntCounterVec,
    duration: HistogramVec,
    cached: IntCounterVec,
    /// The counters of each of [`ORIGINS`].
    origins: [IntCounter; 3],
    /// Those of each operation of the document; in the end, those of all else.
    operations: Vec<Operation>,
}

struct Operation {
    route: String,
    method: String,
    /// Made when first needed, so that what nobody asks for takes no line.
    duration: OnceLock<Histogram>,
    statuses: [OnceLock<IntCounter>; USUAL.len()],
}

impl Operation {
    fn new(route: &str, method: &str) -> Self {
        let (duration, statuses) = Default::default();
        Self { route: route.to_owned(), method: method.to_owned(), duration, statuses }
    }
}

impl Meter {
    /// At zero.
    pub fn open(routes: &Routes) -> Result<Self> {
        let counter = |name, help, labels: &[&str]| {
            IntCounterVec::new(Opts::new(name, help), labels).map_err(Error::internal)
        };
        let requests = counter(
            "broadsheet_http_requests_total",
            "Requests that were answered.",
            &["route", "method", "status"],
        )?;
        let duration = HistogramVec::new(
            HistogramOpts::new(
                "broadsheet_http_request_duration_seconds",
                "How long answers took to make, until their first byte was ready.",
            )
            .buckets(BOUNDS.to_vec()),
            &["route", "method"],
        )
        .map_err(Error::internal)?;
        let cached = counter(
            "broadsheet_cache_requests_total",
            "Answers of the delivery face: ready (hit), made (miss), or not to be kept (bypass).",
            &["result"],
        )?;
        let origins = ORIGINS.map(|(_, result)| cached.with_label_values(&[result]));
        let known = routes.operations().map(|(route, method)| Operation::new(route, method));
        let operations = known.chain([Operation::new("other", "other")]).collect();
        Ok(Self(Arc::new(Inner { requests, duration, cached, origins, operations })))
    }

    /// Counts an answer.
    pub fn count(
        &self,
        served: Option<Served>,
        status: StatusCode,
        headers: &HeaderMap,
        took: Duration,
    ) {
        let inner = &*self.0;
        let other = inner.operations.len() - 1;
        let operation = &inner.operations[served.map_or(other, |Served(index)| index).min(other)];
        let Operation { route, method, .. } = operation;
        let counter = || {
            inner.requests.with_label_values(&[route.as_str(), method.as_str(), status.as_str()])
        };
        match USUAL.iter().position(|usual| *usual == status.as_u16()) {
            Some(at) => operation.statuses[at].get_or_init(counter).inc(),
            None => counter().inc(),
        }
        let duration = || inner.duration.with_label_values(&[route.as_str(), method.as_str()]);
        operation.duration.get_or_init(duration).observe(took.as_secs_f64());
        let Some(from) = headers.get(&CACHE_STATUS) else { return };
        if let Some(at) = ORIGINS.iter().position(|(origin, _)| origin == from) {
            inner.origins[at].inc();
        }
    }

    /// Adds what it shows to a page.
    pub fn show(&self, page: &Registry) -> prometheus::Result<()> {
        page.register(Box::new(self.0.requests.clone()))?;
        page.register(Box::new(self.0.duration.clone()))?;
        page.register(Box::new(self.0.cached.clone()))
    }
}
