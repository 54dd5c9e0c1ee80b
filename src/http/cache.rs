//! `Delivered`: what readers get, with everything a cache needs to know (RFC 9111, RFC 5861).
use std::{collections::BTreeSet, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{StatusCode, header},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    config::Config,
    error::{Error, Result},
    tags::Tag,
    time::{Instant, Now},
};

/// What an answer was made of, gathered while it is made.
#[derive(Debug, Clone, Default)]
pub struct Made {
    tags: BTreeSet<Tag>,
    modified: Option<Instant>,
    changes_at: Option<Instant>,
}

impl Made {
    /// It was made of these.
    pub fn of(&mut self, tags: impl IntoIterator<Item = Tag>) {
        self.tags.extend(tags);
    }

    /// A part of it changed at this instant; the newest counts.
    pub fn modified(&mut self, at: impl Into<Option<Instant>>) {
        self.modified = self.modified.max(at.into());
    }

    /// It changes by itself at this instant; the next after `now` counts.
    pub fn changes_at(&mut self, at: Option<Instant>, now: Instant) {
        let Some(at) = at.filter(|at| *at > now && *at != Instant::NEVER) else { return };
        self.changes_at = Some(self.changes_at.map_or(at, |sooner| sooner.min(at)));
    }
}

/// A public answer: its bytes and what they were made of.
#[derive(Debug, Clone)]
pub struct Delivered {
    body: Vec<u8>,
    made: Made,
    link: Option<String>,
}

impl Delivered {
    /// Renders `body`.
    pub fn new(body: &impl Serialize, made: Made) -> Result<Self> {
        Ok(Self { body: serde_json::to_vec(body).map_err(Error::internal)?, made, link: None })
    }

    /// With a `Link` header.
    #[must_use]
    pub fn link(self, link: Option<String>) -> Self {
        Self { link, ..self }
    }
}

impl Responder for Delivered {
    type Body = BoxBody;
    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        let Made { tags, modified, changes_at } = self.made;
        let digest = Sha256::digest(&self.body);
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&digest[..18]));
        let known = unchanged(req, &etag);
        let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        let mut answer = HttpResponse::build(status);
        answer.insert_header((header::ETAG, etag));
        answer.insert_header((header::CACHE_CONTROL, freshness(req, changes_at)));
        if let Some(modified) = modified {
            answer.insert_header((header::LAST_MODIFIED, modified.http_date()));
        }
        let names: Vec<String> = tags.iter().map(ToString::to_string).collect();
        answer.insert_header(("Cache-Tag", names.join(",")));
        answer.insert_header(("Surrogate-Key", names.join(" ")));
        if let Some(link) = self.link {
            answer.insert_header((header::LINK, link));
        }
        if known {
            return answer.finish();
        }
        answer.content_type("application/json").body(self.body)
    }
}

/// How long a cache may keep the answer: never past the instant at which it changes by itself.
fn freshness(req: &HttpRequest, changes_at: Option<Instant>) -> String {
    let most = req.app_data::<Arc<Config>>().map_or(0, |config| i64::from(config.delivery_max_age));
    let left = changes_at.map(|at| at.seconds() - Now::of(req).seconds() - 1);
    let max_age = left.map_or(most, |left| left.clamp(0, most));
    let while_revalidate = left.map_or(most, |left| (left - max_age).clamp(0, most));
    format!("public, max-age={max_age}, stale-while-revalidate={while_revalidate}")
}

/// Whether the reader has this very answer already (RFC 9110, 13.1.2). `If-Modified-Since` is
/// not asked: what leaves a list moves no date, and a second is too coarse to be exact.
fn unchanged(req: &HttpRequest, etag: &str) -> bool {
    let given = req.headers().get_all(header::IF_NONE_MATCH);
    let mut tags = given.filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
    tags.any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
    })
}
