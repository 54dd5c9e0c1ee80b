//! An answer ready to be sent: its body in one coding, its headers, and how long it holds.
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    web::Bytes,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::{
    super::conditional::is_known,
    Delivered, Made,
    coding::{CODED_FROM, Coding},
    headers::Headers,
    weight::allocated,
};
use crate::{
    config::Config,
    db::clock::{TagClock, Tick},
    error::{Error, Result},
    tags::Tag,
    time::{Clock, Instant},
};

/// The longest list of tags in a header, in bytes: less than any proxy or CDN takes.
const NAMES_MAX: usize = 4000;

/// A rendered answer.
#[derive(Debug)]
pub struct Rendered {
    body: Bytes,
    etag: HeaderValue,
    coded: bool,
    /// All headers but those that depend on when the answer is sent.
    headers: Headers,
    freshness: Freshness,
    tags: Box<[Tag]>,
    /// The instant that it was made for. Nobody knows what it was before: an embargo may have
    /// passed just then.
    from: Instant,
    /// When it changes by itself.
    changes_at: Option<Instant>,
    /// What the tag clock said before it was made.
    made_at: Tick,
    /// Up to which reading of the clock it is known to be fresh.
    fresh_at: AtomicU64,
}

/// How long caches may keep an answer, in seconds.
#[derive(Debug, Clone, Copy)]
struct Freshness {
    max_age: u32,
    shared_max_age: Option<u32>,
    /// For how much longer, while no server can say what is true now.
    stale_if_error: u32,
}

impl Rendered {
    /// The answer as it is at the instant `now`, without any coding. Headers that were set before
    /// it came here stay.
    pub fn new(
        delivered: Delivered,
        mut headers: HeaderMap,
        now: Instant,
        made_at: Tick,
        config: &Config,
    ) -> Result<Self> {
        let Delivered { body, mut made, link } = delivered;
        // Another server's clock may be ahead: no answer was modified after it was made (RFC 9110,
        // 8.8.2.1).
        made.changes_at(made.modified, now);
        let Made { tags, modified, changes_at } = made;
        let digest = Sha256::digest(&body);
        let etag = value(&format!("\"{}\"", URL_SAFE_NO_PAD.encode(&digest[..18])))?;
        let names: Vec<String> = tags.iter().map(ToString::to_string).collect();
        let fits = names.iter().map(|name| name.len() + 1).sum::<usize>() <= NAMES_MAX;
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(header::ETAG, etag.clone());
        if fits {
            headers.insert(HeaderName::from_static("cache-tag"), value(&names.join(","))?);
            headers.insert(HeaderName::from_static("surrogate-key"), value(&names.join(" "))?);
        }
        if let Some(modified) = modified {
            headers.insert(header::LAST_MODIFIED, value(&modified.min(now).http_date())?);
        }
        if let Some(link) = link {
            headers.insert(header::LINK, value(&link)?);
        }
        let freshness = Freshness {
            max_age: config.delivery_max_age,
            // What cannot be named cannot be purged, so caches outside have to ask.
            shared_max_age: if fits { config.delivery_shared_max_age } else { Some(0) },
            stale_if_error: config.delivery_stale_if_error,
        };
        if changes_at.is_none() {
            headers.insert(header::CACHE_CONTROL, freshness.lasting()?);
        }
        Ok(Self {
            body: exact(&body),
            etag,
            coded: false,
            headers: headers.into(),
            freshness,
            tags: tags.into_iter().collect(),
            from: now,
            changes_at,
            made_at,
            fresh_at: AtomicU64::new(made_at),
        })
    }

    /// Whether the body is long enough for a coding to save anything.
    pub fn is_worth_coding(&self) -> bool {
        self.body.len() >= CODED_FROM
    }

    /// Whether it is in a coding already.
    pub fn is_coded(&self) -> bool {
        self.coded
    }

    /// The same answer in this coding; `None` for the identity.
    pub fn coded(&self, coding: Coding) -> Result<Option<Self>> {
        let Some(name) = coding.name() else { return Ok(None) };
        let body = coding.encode(&self.body).map_err(Error::internal)?;
        let plain = self.etag.to_str().map_err(Error::internal)?;
        // Each coding is a representation of its own (RFC 9110, 8.8.3.3).
        let etag = value(&format!("{}-{name}\"", plain.trim_end_matches('"')))?;
        let mut headers = self.headers.to_map();
        headers.insert(header::ETAG, etag.clone());
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        Ok(Some(Self {
            body: exact(&body),
            etag,
            coded: true,
            headers: headers.into(),
            freshness: self.freshness,
            tags: self.tags.clone(),
            from: self.from,
            changes_at: self.changes_at,
            made_at: self.made_at,
            fresh_at: AtomicU64::new(self.made_at),
        }))
    }

    /// How many bytes of memory it takes.
    pub fn weight(&self) -> usize {
        // Bodies and tags that are shared have a count of their users, which takes memory, too.
        const COUNT: usize = 32;
        let names = self.tags.iter().map(|tag| allocated(tag.heap_bytes()));
        allocated(size_of::<Self>() + COUNT)
            + allocated(self.body.len())
            + COUNT
            + self.headers.weight()
            + allocated(size_of_val(&*self.tags))
            + names.sum::<usize>()
    }

    /// Whether it answers a request that came when the clock of tags stood at `begun`: it is
    /// fresh, or was made of nothing older than the request.
    pub fn answers(&self, tags: &TagClock, begun: Tick) -> bool {
        self.made_at >= begun || self.is_fresh(tags)
    }

    /// Whether it is the answer at the instant of a request. One that came before it was made, and
    /// waited, may have it as well, but not where the clock has been set back since.
    pub fn holds(&self, now: Instant, clock: &Clock) -> bool {
        let now = if now < self.from { clock.now() } else { now };
        self.from <= now && self.changes_at.is_none_or(|at| now < at)
    }

    /// Whether nothing that it was made of has changed since, as far as is known.
    pub fn is_fresh(&self, tags: &TagClock) -> bool {
        let reading = tags.now();
        if self.fresh_at.load(Ordering::Relaxed) == reading {
            return true;
        }
        let fresh = tags.unmoved_since(self.made_at, &self.tags);
        if fresh {
            self.fresh_at.store(reading, Ordering::Relaxed);
        }
        fresh
    }

    /// The HTTP answer to a request that knows the answers with these `ETag`s.
    pub fn respond(&self, known: &HeaderMap, now: Instant) -> Result<HttpResponse> {
        let mut headers = self.headers.to_map();
        if let Some(at) = self.changes_at {
            headers.insert(header::CACHE_CONTROL, self.freshness.until(at, now)?);
        }
        // `If-Modified-Since` is not asked: what leaves a list moves no date, and a second is too
        // coarse to be exact.
        let unchanged = is_known(known, self.etag.as_bytes());
        let mut answer = if unchanged {
            headers.remove(header::CONTENT_TYPE);
            headers.remove(header::CONTENT_ENCODING);
            HttpResponse::new(StatusCode::NOT_MODIFIED)
        } else {
            HttpResponse::with_body(StatusCode::OK, self.body.clone()).map_into_boxed_body()
        };
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

impl Freshness {
    fn lasting(self) -> Result<HeaderValue> {
        let Self { max_age, shared_max_age, stale_if_error } = self;
        value(&control(max_age.into(), shared_max_age.map(i64::from), stale_if_error.into()))
    }

    /// Never past the instant at which the answer changes by itself.
    fn until(self, changes_at: Instant, now: Instant) -> Result<HeaderValue> {
        let left = (changes_at.seconds() - now.seconds() - 1).max(0);
        let max_age = left.min(self.max_age.into());
        let shared = self.shared_max_age.map(|most| left.min(most.into()));
        let rest = left - shared.unwrap_or(max_age).max(max_age);
        value(&control(max_age, shared, rest.min(self.stale_if_error.into())))
    }
}

/// Nobody may show an answer that has gone stale while a server can be asked (no
/// `stale-while-revalidate`): what an editor takes away would be shown for longer than the settings
/// say.
fn control(max_age: i64, shared: Option<i64>, if_error: i64) -> String {
    let shared = shared.map(|age| format!(", s-maxage={age}")).unwrap_or_default();
    let stale = match if_error {
        0 => "must-revalidate".to_owned(),
        seconds => format!("stale-if-error={seconds}"),
    };
    format!("public, max-age={max_age}{shared}, {stale}")
}

/// The same bytes in memory of their own size: what was written piece by piece has up to as much
/// again in reserve, and is to be kept.
fn exact(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

fn value(text: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(text).map_err(Error::internal)
}
