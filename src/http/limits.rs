//! Rate limits: how many requests one party may send in a minute, by what they ask for.
use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use actix_web::{
    ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
};

use super::address::{self, Sender};
use crate::{
    config::{Config, Rates},
    error::{Error, RateLimit, Result},
};

/// The draft is draft-ietf-httpapi-ratelimit-headers.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// After how many requests parties that have been quiet are forgotten.
const SWEEP: u64 = 10_000;

/// The limits of this server, for all of its workers. Cheap to clone.
#[derive(Clone)]
pub struct Limits(Arc<[Option<Limit>; Class::ALL.len()]>);

/// What requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// What readers fetch.
    Reads,
    /// What readers send: comments and reports.
    Posts,
    /// Signing in, and going on being signed in.
    SignIn,
    /// Everything else of the newsroom's.
    Management,
}

impl Class {
    const ALL: [Self; 4] = [Self::Reads, Self::Posts, Self::SignIn, Self::Management];

    fn of(path: &str, method: &Method) -> Self {
        if path.starts_with("/manage/") {
            let signs_in = path.starts_with("/manage/v1/session") && method == Method::POST;
            return if signs_in { Self::SignIn } else { Self::Management };
        }
        if method == Method::POST { Self::Posts } else { Self::Reads }
    }

    fn limit(self) -> RateLimit {
        match self {
            Self::Reads => RateLimit::Reads,
            Self::Posts => RateLimit::Posts,
            Self::SignIn => RateLimit::SignIn,
            Self::Management => RateLimit::Management,
        }
    }

    fn rate(self, rates: &Rates) -> Option<NonZeroU32> {
        match self {
            Self::Reads => rates.reads,
            Self::Posts => rates.posts,
            Self::SignIn => rates.sign_in,
            Self::Management => rates.management,
        }
    }
}

struct Limit {
    which: RateLimit,
    policy: HeaderValue,
    parties: DefaultKeyedRateLimiter<IpAddr, StateInformationMiddleware>,
    checks: AtomicU64,
}

impl Limits {
    /// The limits that the settings ask for.
    pub fn new(config: &Config) -> Self {
        let limit =
            |class: Class| class.rate(&config.rates).map(|rate| Limit::new(class.limit(), rate));
        Self(Class::ALL.map(limit).into())
    }

    fn of(&self, class: Class) -> Option<&Limit> {
        self.0[class as usize].as_ref()
    }
}

impl Limit {
    fn new(which: RateLimit, a_minute: NonZeroU32) -> Self {
        let parties = RateLimiter::keyed(Quota::per_minute(a_minute)).with_middleware();
        let policy = format!("\"{}\";q={a_minute};w=60", which.name());
        Self { which, policy: value(&policy), parties, checks: AtomicU64::new(0) }
    }

    /// Counts a request of this party: how many more it may send at once, or the seconds after
    /// which it may send one.
    fn count(&self, party: IpAddr) -> Result<u32, u32> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.parties.retain_recent();
            self.parties.shrink_to_fit();
        }
        match self.parties.check_key(&party) {
            Ok(snapshot) => Ok(snapshot.remaining_burst_capacity()),
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                // Whole seconds, and never too early.
                Err(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1))
            }
        }
    }

    fn tell(&self, headers: &mut HeaderMap, counted: Result<u32, u32>) {
        let name = self.which.name();
        let state = match counted {
            Ok(left) => format!("\"{name}\";r={left}"),
            Err(wait) => format!("\"{name}\";r=0;t={wait}"),
        };
        headers.insert(RATE_LIMIT_POLICY, self.policy.clone());
        headers.insert(RATE_LIMIT, value(&state));
    }
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// Middleware of both faces: refuses who sends too much, and tells everyone what is left to them.
/// Requests that are made inside the process, or by a frontend for no reader, count for nobody.
pub async fn hold<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let sender = match address::sender(req.request()) {
        Ok(sender) => sender,
        Err(refusal) => {
            return Ok(req.into_response(refusal.error_response()).map_into_right_body());
        }
    };
    let limits = req.app_data::<Limits>().cloned();
    let class = Class::of(req.path(), req.method());
    let limit = limits.as_ref().and_then(|limits| limits.of(class));
    let (Some(limit), Sender::Client(address)) = (limit, sender) else {
        return next.call(req).await.map(ServiceResponse::map_into_left_body);
    };
    let counted = limit.count(address.party());
    let mut answer = match counted {
        Ok(_) => next.call(req).await?.map_into_left_body(),
        Err(retry_after) => {
            let refusal =
                Error::TooManyRequests { retry_after, limit: limit.which }.error_response();
            req.into_response(refusal).map_into_right_body()
        }
    };
    limit.tell(answer.headers_mut(), counted);
    Ok(answer)
}
