//! The meter: counts requests and times them, under the names that the API document gives them.
use std::{
    future::{Ready, ready},
    sync::{Arc, OnceLock},
    time::Duration,
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::{StatusCode, header::HeaderValue},
};
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
};

use super::{
    cache::{BYPASS, CACHE_STATUS, HIT, MISS, STALE},
    routes::{Routes, Served},
};
use crate::error::{Error, RateLimit, Result};

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

/// How requests that cannot be read are refused.
const UNREADABLE: [StatusCode; 3] = [
    StatusCode::BAD_REQUEST,
    StatusCode::REQUEST_TIMEOUT,
    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
];

/// Where the answers of the delivery face came from.
const ORIGINS: [(HeaderValue, &str); 4] =
    [(HIT, "hit"), (MISS, "miss"), (BYPASS, "bypass"), (STALE, "stale")];

/// Counts without a lock and without allocating. Cheap to clone; one for all workers.
#[derive(Clone)]
pub struct Meter(Arc<Inner>);

struct Inner {
    requests: IntCounterVec,
    duration: HistogramVec,
    in_flight: IntGauge,
    abandoned: IntCounter,
    refused: IntCounterVec,
    sign_ins: IntCounterVec,
    cached: IntCounterVec,
    unreadable: IntCounterVec,
    stalled: IntCounter,
    /// The counters of each of [`ORIGINS`].
    origins: [IntCounter; 4],
    /// Those of each operation of the document; in the end, those of all else.
    operations: Vec<Operation>,
}

/// Which proof of who one is was refused. Its name is a label of the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// The password, or the email that it came with.
    Password,
    /// The code of the second factor.
    Code,
    /// The refresh token of a sign-in.
    RefreshToken,
}

impl Factor {
    const ALL: [Self; 3] = [Self::Password, Self::Code, Self::RefreshToken];

    /// What it is called in the log and in the figures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Code => "code",
            Self::RefreshToken => "refresh-token",
        }
    }
}

/// A request that is being answered. Dropped before it was, it counts as abandoned.
pub struct InFlight {
    meter: Meter,
    answered: bool,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let inner = &*self.meter.0;
        inner.in_flight.dec();
        if !self.answered {
            inner.abandoned.inc();
        }
    }
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
            "Answers of the delivery face: ready (hit), made (miss), not to be kept (bypass), or \
             ready from before the database went away (stale).",
            &["result"],
        )?;
        let in_flight = IntGauge::new(
            "broadsheet_http_requests_in_flight",
            "Requests that are being answered just now.",
        )
        .map_err(Error::internal)?;
        let abandoned = IntCounter::new(
            "broadsheet_http_requests_abandoned_total",
            "Requests that ended before they were answered: whoever had sent them hung up.",
        )
        .map_err(Error::internal)?;
        let refused = counter(
            "broadsheet_rate_limit_refusals_total",
            "Requests refused with 429, by the limit that they met.",
            &["limit"],
        )?;
        let sign_ins = counter(
            "broadsheet_sign_in_refusals_total",
            "Sign-ins refused, by the factor that was wrong.",
            &["factor"],
        )?;
        // What has not happened yet is 0: a rate over what was not there misses the first of it.
        for limit in RateLimit::ALL {
            refused.with_label_values(&[limit.name()]);
        }
        for factor in Factor::ALL {
            sign_ins.with_label_values(&[factor.name()]);
        }
        let unreadable = counter(
            "broadsheet_http_unreadable_requests_total",
            "What came on connections and was no request that can be read, by how it was refused.",
            &["status"],
        )?;
        for status in UNREADABLE {
            unreadable.with_label_values(&[status.as_str()]);
        }
        let stalled = IntCounter::new(
            "broadsheet_http_stalled_connections_total",
            "Connections that were closed since their clients took nothing of an answer.",
        )
        .map_err(Error::internal)?;
        let origins = ORIGINS.map(|(_, result)| cached.with_label_values(&[result]));
        let known = routes.operations().map(|(route, method)| Operation::new(route, method));
        let operations = known.chain([Operation::new("other", "other")]).collect();
        Ok(Self(Arc::new(Inner {
            requests,
            duration,
            in_flight,
            abandoned,
            refused,
            sign_ins,
            cached,
            unreadable,
            stalled,
            origins,
            operations,
        })))
    }

    /// Counts a request among those that are being answered, until what this returns is dropped.
    pub fn begin(&self) -> InFlight {
        self.0.in_flight.inc();
        InFlight { meter: self.clone(), answered: false }
    }

    /// How many requests are being answered just now.
    pub fn in_flight(&self) -> u64 {
        u64::try_from(self.0.in_flight.get()).unwrap_or(0)
    }

    /// How many requests were begun since the start and ended without an answer.
    pub fn abandoned(&self) -> u64 {
        self.0.abandoned.get()
    }

    /// Counts a sign-in that was refused.
    pub fn refuse_sign_in(&self, factor: Factor) {
        self.0.sign_ins.with_label_values(&[factor.name()]).inc();
    }

    /// Counts an answer.
    fn count<B>(&self, served: Option<Served>, answer: &HttpResponse<B>, took: Duration) {
        let (inner, status) = (&*self.0, answer.status());
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
        if status == StatusCode::TOO_MANY_REQUESTS
            && let Some(limit) = answer.extensions().get::<RateLimit>()
        {
            inner.refused.with_label_values(&[limit.name()]).inc();
        }
        let Some(from) = answer.headers().get(&CACHE_STATUS) else { return };
        if let Some(at) = ORIGINS.iter().position(|(origin, _)| origin == from) {
            inner.origins[at].inc();
        }
    }

    /// Counts what was refused since it is no request that can be read.
    pub fn count_unreadable(&self, status: StatusCode) {
        self.0.unreadable.with_label_values(&[status.as_str()]).inc();
    }

    /// Counts a connection that was closed since its client took nothing of an answer.
    pub fn count_stalled(&self) {
        self.0.stalled.inc();
    }

    /// Adds what it shows to a page.
    pub fn show(&self, page: &Registry) -> prometheus::Result<()> {
        page.register(Box::new(self.0.requests.clone()))?;
        page.register(Box::new(self.0.duration.clone()))?;
        page.register(Box::new(self.0.in_flight.clone()))?;
        page.register(Box::new(self.0.abandoned.clone()))?;
        page.register(Box::new(self.0.refused.clone()))?;
        page.register(Box::new(self.0.sign_ins.clone()))?;
        page.register(Box::new(self.0.unreadable.clone()))?;
        page.register(Box::new(self.0.stalled.clone()))?;
        page.register(Box::new(self.0.cached.clone()))
    }
}

impl InFlight {
    /// It has been answered.
    pub fn end<B>(mut self, served: Option<Served>, answer: &HttpResponse<B>, took: Duration) {
        self.answered = true;
        self.meter.count(served, answer, took);
    }
}

impl FromRequest for Meter {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let meter = req.app_data::<Self>().cloned();
        ready(meter.ok_or_else(|| Error::internal("no Meter in app_data")))
    }
}
