//! The middleware of the delivery face: answers from memory where it can, and renders what
//! handlers deliver where it cannot.
use std::sync::Arc;

use actix_web::{
    HttpRequest, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
    web,
};

use super::{
    Answers, Delivered,
    answers::{Found, Stale},
    coding::Coding,
    key::{self, Asked, Key},
    rendered::Rendered,
};
use crate::{
    config::Config,
    db::Db,
    error::{Error, Result},
    time::Now,
};

type Served<B> = Result<ServiceResponse<EitherBody<B>>, actix_web::Error>;

/// Where an answer came from (RFC 9211).
pub const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
pub const HIT: HeaderValue = HeaderValue::from_static("broadsheet; hit");
pub const MISS: HeaderValue = HeaderValue::from_static("broadsheet; fwd=miss");
pub const BYPASS: HeaderValue = HeaderValue::from_static("broadsheet; fwd=bypass");
/// Ready, and shown since the database is away (RFC 5861, 4).
pub const STALE: HeaderValue = HeaderValue::from_static("broadsheet; hit; detail=stale-if-error");

/// The longest request whose answer is kept, in bytes: no page's address comes near it.
const LONGEST: usize = 4096;

/// What a handler said.
enum Outcome<B> {
    /// An answer to be kept, and where it came from.
    Answer(HttpRequest, Arc<Rendered>, HeaderValue),
    /// Something else: a refusal.
    Other(ServiceResponse<B>),
}

/// Middleware: whatever a GET of the delivery face is answered with passes here.
pub async fn deliver<B: MessageBody>(req: ServiceRequest, next: Next<B>) -> Served<B> {
    if req.method() != Method::GET {
        return next.call(req).await.map(ServiceResponse::map_into_left_body);
    }
    let coding = Coding::preferred(&req);
    let ordinary = req.uri().path_and_query().is_some_and(|asked| asked.as_str().len() <= LONGEST);
    let Some(answers) = req.app_data::<Answers>().filter(|_| ordinary).cloned() else {
        return match make(req, next, BYPASS).await? {
            Outcome::Answer(req, plain, from) => reply(req, code(plain, coding).await, from),
            Outcome::Other(answer) => Ok(answer.map_into_left_body()),
        };
    };
    let now = Now::of(req.request());
    let request = req.uri().path_and_query().map_or("", |request| request.as_str());
    if let Some(answer) = answers.get(&Asked { coding, request }, now) {
        return reply(req.into_parts().0, Ok(answer), HIT);
    }
    let key = Key { coding, request: key::normal(req.uri()) };
    if let Some(db) = req.app_data::<Db>()
        && let Some(stale) = answers.while_away(&key, db).await
    {
        return reply_stale(req.into_parts().0, stale, coding).await;
    }
    let turn = match answers.find(&key, now).await {
        Found::Ready(answer) => return reply(req.into_parts().0, Ok(answer), HIT),
        Found::Turn(turn) => turn,
    };
    let outcome = match coding {
        Coding::Identity => make(req, next, MISS).await?,
        _ => plain(&answers, &key, req, next).await?,
    };
    match outcome {
        Outcome::Answer(req, plain, from) => {
            let coded = code(plain, coding).await;
            turn.settle(coded.as_ref().ok());
            reply(req, coded, from)
        }
        Outcome::Other(answer) => {
            turn.settle(None);
            if answer.status() == StatusCode::SERVICE_UNAVAILABLE
                && let Some(stale) = answers.instead(&key).await
            {
                return reply_stale(answer.into_parts().0, stale, coding).await;
            }
            Ok(answer.map_into_left_body())
        }
    }
}

/// Says that the answer is not sure: how old it is (RFC 9111, 5.1), and that nobody shall keep it.
/// (`Warning` is no more; RFC 9111, 5.5.)
async fn reply_stale<B>(req: HttpRequest, stale: Stale, coding: Coding) -> Served<B> {
    let Stale { answer, age } = stale;
    let coded = if answer.is_coded() { Ok(answer) } else { code(answer, coding).await };
    let mut served = reply(req, coded, STALE)?;
    let headers = served.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, s-maxage=0"));
    headers.insert(header::AGE, age.as_secs().into());
    Ok(served)
}

/// The answer without a coding, of which all others are made.
async fn plain<B: MessageBody>(
    answers: &Answers,
    key: &Key,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<Outcome<B>, actix_web::Error> {
    let key = Key { coding: Coding::Identity, request: key.request.clone() };
    let now = Now::of(req.request());
    let turn = match answers.find(&key, now).await {
        Found::Ready(answer) => return Ok(Outcome::Answer(req.into_parts().0, answer, HIT)),
        Found::Turn(turn) => turn,
    };
    let outcome = make(req, next, MISS).await?;
    turn.settle(match &outcome {
        Outcome::Answer(_, answer, _) => Some(answer),
        Outcome::Other(_) => None,
    });
    Ok(outcome)
}

/// Has the handler make the answer.
async fn make<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
    from: HeaderValue,
) -> Result<Outcome<B>, actix_web::Error> {
    let settings = req.app_data::<Db>().zip(req.app_data::<Arc<Config>>());
    let (clock, config) = settings
        .map(|(db, config)| (Arc::clone(db.clock()), Arc::clone(config)))
        .ok_or_else(|| Error::internal("no Db or Config in app_data"))?;
    let now = Now::of(req.request());
    // Before anything is read: what changes from now on makes the answer stale.
    let made_at = clock.now();
    let mut answer = next.call(req).await?;
    let delivered = answer.response_mut().extensions_mut().remove::<Delivered>();
    let Some(delivered) = delivered else { return Ok(Outcome::Other(answer)) };
    let (req, answer) = answer.into_parts();
    let rendered = Rendered::new(delivered, answer.headers().clone(), now, made_at, &config)?;
    Ok(Outcome::Answer(req, Arc::new(rendered), from))
}

/// The answer in this coding, or as it is where that is not worth it. Off the async threads.
async fn code(plain: Arc<Rendered>, coding: Coding) -> Result<Arc<Rendered>> {
    if coding == Coding::Identity || !plain.is_worth_coding() {
        return Ok(plain);
    }
    let coded = web::block(move || Ok(plain.coded(coding)?.map_or(plain, Arc::new))).await;
    coded.map_err(Error::internal)?
}

#[expect(clippy::unnecessary_wraps, reason = "it is what the middleware returns")]
fn reply<B>(req: HttpRequest, answer: Result<Arc<Rendered>>, from: HeaderValue) -> Served<B> {
    let now = Now::of(&req);
    let made = answer.and_then(|answer| answer.respond(req.headers(), now));
    let mut answer = made.unwrap_or_else(|refusal| refusal.error_response());
    answer.headers_mut().insert(CACHE_STATUS, from);
    Ok(ServiceResponse::new(req, answer).map_into_right_body())
}
