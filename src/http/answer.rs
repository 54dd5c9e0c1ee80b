//! `Answer`: what the management face says, in a form that can be kept and said again.
use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{Method, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{conditional::is_known, cursor::Page};
use crate::{
    db::journal::Resource,
    error::{Error, Result},
};

/// A JSON answer with the headers that go with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    body: String,
    #[serde(skip)]
    replayed: bool,
}

/// The strong entity tag of a version.
pub fn etag(version: i32) -> String {
    format!("\"{version}\"")
}

/// The entity tag of what was read: the version, and what else the body depends on. An article
/// goes public by the clock, and what its reader may do with it depends on who reads it; neither
/// moves the version.
fn etag_of_reading(version: &str, body: &str) -> String {
    let digest = Sha256::digest(body);
    let digest = URL_SAFE_NO_PAD.encode(&digest[..12]);
    format!("\"{}-{digest}\"", version.trim_matches('"'))
}

impl Answer {
    /// 200 with `body`.
    pub fn ok(body: &impl Serialize) -> Result<Self> {
        Self::with_status(StatusCode::OK, body)
    }

    /// Any status with `body`.
    pub fn with_status(status: StatusCode, body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_string(body).map_err(Error::internal)?;
        let status = status.as_u16();
        Ok(Self { status, etag: None, location: None, link: None, body, replayed: false })
    }

    /// 200 with a resource, or what the caller gets to see of it, and its `ETag`.
    pub fn resource(resource: &impl Resource, view: &impl Serialize) -> Result<Self> {
        Ok(Self { etag: Some(etag(resource.version())), ..Self::ok(view)? })
    }

    /// 201 with a new resource below `collection`, its `Location` and `ETag`.
    pub fn created(
        collection: &str,
        resource: &impl Resource,
        view: &impl Serialize,
    ) -> Result<Self> {
        Ok(Self {
            status: StatusCode::CREATED.as_u16(),
            location: Some(format!("{collection}/{}", resource.id())),
            ..Self::resource(resource, view)?
        })
    }

    /// 200 with a page of a list and the `Link` to the next one.
    pub fn page<T: Serialize>(req: &HttpRequest, page: &Page<T>) -> Result<Self> {
        Ok(Self { link: page.next_link(req.uri()), ..Self::ok(page)? })
    }

    /// With the address of what it is about.
    #[must_use]
    pub fn at(self, location: String) -> Self {
        Self { location: Some(location), ..self }
    }

    /// The same, said again in answer to the same `Idempotency-Key`.
    pub(super) fn again(self) -> Self {
        Self { replayed: true, ..self }
    }

    /// 204.
    pub fn nothing() -> Self {
        Self {
            status: StatusCode::NO_CONTENT.as_u16(),
            etag: None,
            location: None,
            link: None,
            body: String::new(),
            replayed: false,
        }
    }
}

impl Responder for Answer {
    type Body = BoxBody;
    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        let mut status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let reads = req.method() == Method::GET;
        let etag = self.etag.map(|tag| if reads { etag_of_reading(&tag, &self.body) } else { tag });
        let known = |tag: &String| reads && is_known(req.headers(), tag.as_bytes());
        if etag.as_ref().is_some_and(known) {
            status = StatusCode::NOT_MODIFIED;
        }
        let mut answer = HttpResponse::build(status);
        let headers =
            [(header::ETAG, etag), (header::LOCATION, self.location), (header::LINK, self.link)];
        for (name, value) in headers {
            if let Some(value) = value {
                answer.insert_header((name, value));
            }
        }
        if self.replayed {
            answer.insert_header(("Idempotency-Replayed", "true"));
        }
        if status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
            return answer.finish();
        }
        answer.content_type("application/json").body(self.body)
    }
}
