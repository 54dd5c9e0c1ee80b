//! The gate every request passes: its id, HEAD, its address, what it accepts, and headers on every
//! answer.
use std::{num::NonZeroU32, rc::Rc, sync::Arc};

use actix_web::{
    HttpMessage, HttpRequest, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        ConnectionType, Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
};
use uuid::Uuid;

use super::{
    client_stream::{Exchange, Running},
    target,
    watch::Watch,
};
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
    if let Some(target) = target::without_origin(req.uri()) {
        req.match_info_mut().get_mut().update(&target);
        req.head_mut().uri = target;
    }
    let running = req.conn_data::<Rc<Exchange>>().map(Exchange::run);
    let watch = Watch::begin(&req);
    let id = well_formed_id(&req).unwrap_or_else(|| Uuid::now_v7().to_string());
    req.extensions_mut().insert(RequestId(id.clone()));
    // Wherever GET answers, HEAD does (RFC 9110, 9.3.2). The encoder has seen the real method
    // and leaves the body out.
    if req.method() == Method::HEAD {
        req.head_mut().method = Method::GET;
    }
    let managed = req.path().starts_with("/manage/");
    let delivered = req.path().starts_with("/v1/");
    let reads = delivered && req.method() == Method::GET;
    let open = delivered && is_open_to_any(req.request());
    let hsts = req.app_data::<Hsts>().cloned();
    let answered = REQUEST_ID.scope(id.clone(), respond(req, next));
    let mut answer = match watch.trace() {
        None => answered.await?,
        Some((traces, request)) => traces.during(request, answered).await?,
    };
    let refused = answer.status().is_client_error() || answer.status().is_server_error();
    let gone = reads && matches!(answer.status(), StatusCode::NOT_FOUND | StatusCode::GONE);
    let config = answer.request().app_data::<Arc<Config>>().filter(|_| gone);
    let kept = config.and_then(|config| in_place_of_old_answers(config));
    let headers = answer.headers_mut();
    if managed || refused {
        let control = kept.unwrap_or(HeaderValue::from_static("no-store"));
        headers.insert(header::CACHE_CONTROL, control);
    }
    if refused && open {
        // Some refusals come from before where the headers of that face are made.
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    harden(headers, &id, hsts.as_ref());
    if running.as_ref().is_some_and(Running::is_last) {
        answer.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    watch.end(&id, &answer);
    Ok(answer)
}

/// Where caches in front show old answers while no server can be asked, they have to keep that
/// something is gone as well: it takes the place of what they had, and is shown for as long. They ask
/// again after a second. `None` where they show no old answers.
fn in_place_of_old_answers(config: &Config) -> Option<HeaderValue> {
    let seconds = config.delivery_stale_if_error;
    let control = format!("public, max-age=0, s-maxage=1, stale-if-error={seconds}");
    HeaderValue::try_from(control).ok().filter(|_| seconds > 0)
}

/// The headers of every answer, whoever gives it.
pub(super) fn harden(headers: &mut HeaderMap, request_id: &str, hsts: Option<&Hsts>) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(X_REQUEST_ID, id);
    }
    for (name, value) in HARDENING {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(NOTHING));
    }
    if let Some(Hsts(promise)) = hsts {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, promise.clone());
    }
}

async fn respond<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    if let Err(refusal) = target::check(req.head()) {
        return Ok(req.into_response(refusal.error_response()).map_into_right_body());
    }
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
