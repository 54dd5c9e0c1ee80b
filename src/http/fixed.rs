//! What stays the same for as long as the program runs: it has an entity tag, is fresh for a
//! while, and is put into each content coding once.
use std::sync::{Arc, OnceLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{self, Bytes},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::{
    cache::coding::{CODED_FROM, Coding},
    conditional::is_known,
};
use crate::error::{Error, Result};

/// A new version of the program is noticed after five minutes.
const CACHE_CONTROL: &str = "public, max-age=300";

/// Bytes that never change. Cheap to clone.
#[derive(Clone)]
pub struct Fixed(Arc<Inner>);

struct Inner {
    content_type: String,
    plain: Bytes,
    /// A digest of the bytes.
    digest: String,
    brotli: OnceLock<Bytes>,
    zstd: OnceLock<Bytes>,
    gzip: OnceLock<Bytes>,
}

impl Fixed {
    /// These bytes, of this media type.
    pub fn new(content_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        let (content_type, plain) = (content_type.into(), bytes.into());
        let digest = URL_SAFE_NO_PAD.encode(&Sha256::digest(&plain)[..18]);
        let (brotli, zstd, gzip) = Default::default();
        Self(Arc::new(Inner { content_type, plain, digest, brotli, zstd, gzip }))
    }

    /// The answer to a GET.
    pub async fn answer(&self, req: &HttpRequest) -> Result<HttpResponse> {
        let Inner { content_type, digest, plain, brotli: _, zstd: _, gzip: _ } = &*self.0;
        let worth_it = plain.len() >= CODED_FROM;
        let coding = if worth_it { Coding::preferred(req) } else { Coding::Identity };
        let etag = match coding.name() {
            Some(name) => format!("\"{digest}-{name}\""),
            None => format!("\"{digest}\""),
        };
        let known = is_known(req.headers(), etag.as_bytes());
        let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        answer
            .insert_header((header::ETAG, etag))
            .insert_header((header::VARY, "accept-encoding"))
            .insert_header((header::CACHE_CONTROL, CACHE_CONTROL));
        if known {
            return Ok(answer.finish());
        }
        if let Some(name) = coding.name() {
            answer.insert_header((header::CONTENT_ENCODING, name));
        }
        Ok(answer.content_type(content_type.as_str()).body(self.coded(coding).await?))
    }

    /// The bytes in this coding: made the first time, off the async threads.
    async fn coded(&self, coding: Coding) -> Result<Bytes> {
        let kept = match coding {
            Coding::Identity => return Ok(self.0.plain.clone()),
            Coding::Brotli => &self.0.brotli,
            Coding::Zstd => &self.0.zstd,
            Coding::Gzip => &self.0.gzip,
        };
        if let Some(coded) = kept.get() {
            return Ok(coded.clone());
        }
        let plain = self.0.plain.clone();
        let coded = web::block(move || coding.encode(&plain)).await.map_err(Error::internal)?;
        let coded = Bytes::from(coded.map_err(Error::internal)?);
        Ok(kept.get_or_init(|| coded).clone())
    }
}
