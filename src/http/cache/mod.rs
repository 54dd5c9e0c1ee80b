//! What readers get, exact and ready-made: a handler names what its answer was made of, one
//! middleware renders, keeps and serves it (RFC 9110, 9111, 5861).
mod answers;
pub(super) mod coding;
mod headers;
mod key;
mod middleware;
mod outage;
mod rendered;
mod weight;

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, Responder, body::BoxBody};
use serde::Serialize;

use crate::{
    error::{Error, Result},
    tags::Tag,
    time::Instant,
};

pub use answers::Answers;
pub use middleware::deliver;
pub(super) use middleware::{BYPASS, CACHE_STATUS, HIT, MISS, STALE};

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

/// A public answer: its bytes and what they were made of. The delivery face's middleware makes
/// the HTTP answer of it; anywhere else it would be lost.
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
    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut answer = HttpResponse::Ok();
        answer.extensions_mut().insert(self);
        answer.finish()
    }
}
