//! The gate every request passes: its id, HEAD, what it accepts, and headers on every answer.
use std::{num::NonZeroU32, sync::Arc};

use actix_web::{
    HttpMessage, HttpRequest, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
};
use uuid::Uuid;

use super::watch::Watch;
use crate::{
    config::{Config, Origins},
    error::{Error, REQUEST_ID, Result},
};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What browsers are told about every answer (OWASP, REST security): to take it for what it says
/// it is, to show it in no frame, and to tell no other site where it was.
const HARDENING: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// What JSON may load and run if a browser takes it for a page.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// The promise that this server is reached by HTTPS alone (RFC 6797).
#[derive(Clone)]
pub struct Hsts(HeaderValue);

impl Hsts {
    /// The promise for so many seconds.
    pub fn new(seconds: NonZeroU32) -> Result<Self> {
        let promise = format!("max-age={seconds}; includeSubDomains");
        HeaderValue::try_from(promise).map(Self).map_err(Error::internal)
    }
}

/// The id of a request, for the handlers that write.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Middleware around the whole app.
pub async fn pass<B: MessageBody>(
    mut req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let watch = Watch::begin(&req);
    let id = well_formed_id(&req).unwrap_or_else(|| Uuid::now_v7().to_string());
    req.extensions_mut().insert(RequestId(id.clone()));
    // Wherever GET answers, HEAD does (RFC 9110, 9.3.2). The encoder has seen the real method
    // and leaves the body out.
    if req.method() == Method::HEAD {
        req.head_mut().method = Method::GET;
    }
    let managed = req.path().starts_with("/manage/");
    let open = req.path().starts_with("/v1/") && is_open_to_any(req.request());
    let hsts = req.app_data::<Hsts>().map(|hsts| hsts.0.clone());
    let answered = REQUEST_ID.scope(id.clone(), respond(req, next));
    let mut answer = match watch.trace() {
        None => answered.await?,
        Some((traces, request)) => traces.during(request, answered).await?,
    };
    let refused = answer.status().is_client_error() || answer.status().is_server_error();
    let headers = answer.headers_mut();
    if managed || refused {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if refused && open {
        // Some refusals come from before where the headers of that face are made.
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(X_REQUEST_ID, id);
    }
    for (name, value) in HARDENING {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(NOTHING));
    }
    if let Some(promise) = hsts {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, promise);
    }
    watch.end(&id, &answer);
    Ok(answer)
}

async fn respond<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let api = req.path().starts_with("/v1/") || req.path().starts_with("/manage/");
    if api && !accepts_json(&req) {
        let refusal = Error::NotAcceptable("application/json").error_response();
        return Ok(req.into_response(refusal).map_into_right_body());
    }
    next.call(req).await.map(ServiceResponse::map_into_left_body)
}

fn is_open_to_any(req: &HttpRequest) -> bool {
    req.app_data::<Arc<Config>>().is_some_and(|config| config.cors_origins == Origins::Any)
}

/// The caller's own id, when it is one that is safe to log and to send back.
fn well_formed_id(req: &ServiceRequest) -> Option<String> {
    let id = req.headers().get(X_REQUEST_ID)?.to_str().ok()?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    (1..=128).contains(&id.len()).then_some(())?;
    id.chars().all(fits).then(|| id.to_owned())
}

/// Whether JSON is among what the caller takes; quality values only matter when they are zero.
fn accepts_json(req: &ServiceRequest) -> bool {
    let mut given = req.headers().get_all(header::ACCEPT).peekable();
    if given.peek().is_none() {
        return true;
    }
    let ranges = given.filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
    ranges.map(str::trim).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let refused = parts.any(|part| {
            part.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0))
        });
        let json = ["*/*", "application/*", "application/json", "application/problem+json"];
        (kind.is_empty() || json.contains(&kind.as_str())) && !refused
    })
}
