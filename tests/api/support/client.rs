//! A caller of the API, as the tests play one.
use std::{
    io::Read,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use actix_web::{
    http::{Method, StatusCode, header::HeaderMap},
    test::TestRequest,
};
use flate2::read::GzDecoder;
use serde_json::Value;

use super::{Call, contract};

/// What the server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The body, where it is JSON.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl Answer {
    pub fn new(status: StatusCode, headers: HeaderMap, bytes: &[u8]) -> Self {
        let coding = headers.get("content-encoding").map(|name| name.to_str().unwrap());
        let text = String::from_utf8(decoded(coding, bytes)).expect("an answer in UTF-8");
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, headers, body, text }
    }

    /// The body of an answer with this status; anything else fails the test.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        self.body
    }

    /// Refused with this status, and with an error of this code at this pointer or parameter.
    #[track_caller]
    pub fn refused(self, status: u16, place: &str, code: &str) {
        let body = self.expect(status);
        let errors = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        let named = |error: &&Value| {
            (error["pointer"] == place || error["parameter"] == place) && error["code"] == code
        };
        assert!(errors.iter().any(|error| named(&error)), "no {code} at {place} in {body:#}");
    }

    /// Whether the server had the answer ready.
    #[track_caller]
    pub fn was_ready(&self) -> bool {
        self.header("cache-status") == "broadsheet; hit"
    }

    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} header")).to_str().unwrap()
    }
}

fn decoded(coding: Option<&str>, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        None => plain.extend_from_slice(bytes),
        Some("gzip") => drop(GzDecoder::new(bytes).read_to_end(&mut plain).unwrap()),
        Some("br") => drop(brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain).unwrap()),
        Some("zstd") => plain = zstd::decode_all(bytes).unwrap(),
        Some(other) => panic!("{other} is no coding that the server should send"),
    }
    plain
}

#[derive(Clone)]
pub struct Client {
    call: Call,
    clock: Arc<AtomicI64>,
    token: Option<String>,
    peer: Option<SocketAddr>,
    headers: Vec<(String, String)>,
}

impl Client {
    pub(super) fn new(call: Call, clock: Arc<AtomicI64>, token: Option<String>) -> Self {
        Self { call, clock, token, peer: None, headers: Vec::new() }
    }

    /// The same caller, sending one more header.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// The same caller, connected from this address.
    pub fn from(&self, address: &str) -> Self {
        Self { peer: Some(SocketAddr::new(address.parse().unwrap(), 50_000)), ..self.clone() }
    }

    /// Whether this caller sends such a header.
    pub fn sends(&self, name: &str) -> bool {
        self.headers.iter().any(|(header, _)| header.eq_ignore_ascii_case(name))
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(("application/json", body.to_string()))).await
    }

    /// Replaces what is there now: reads its `ETag` first.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        let body = ("application/json", body.to_string());
        self.freshly(path).await.send(Method::PUT, path, Some(body)).await
    }

    /// Changes what is there now: reads its `ETag` first.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        let body = ("application/merge-patch+json", body.to_string());
        self.freshly(path).await.send(Method::PATCH, path, Some(body)).await
    }

    /// Deletes what is there now: reads its `ETag` first.
    pub async fn delete(&self, path: &str) -> Answer {
        self.freshly(path).await.send(Method::DELETE, path, None).await
    }

    /// Acts on what is there now: reads the `ETag` of `resource` first.
    pub async fn act(&self, resource: &str, action: &str, body: Value) -> Answer {
        let path = format!("{resource}/{action}");
        self.freshly(resource).await.post(&path, body).await
    }

    /// The same caller, sending the `ETag` that `path` has now as `If-Match`.
    pub async fn freshly(&self, path: &str) -> Self {
        let resource = path.split('?').next().unwrap();
        let known = self.get(resource).await;
        match known.headers.get("etag") {
            Some(etag) => self.with("if-match", etag.to_str().unwrap()),
            None => self.with("if-match", "\"1\""),
        }
    }

    /// Sends exactly this, and holds the answer against the API document.
    pub async fn send(&self, method: Method, path: &str, body: Option<(&str, String)>) -> Answer {
        let body = body.map(|(media_type, text)| (media_type, text.into_bytes()));
        self.send_bytes(method, path, body).await
    }

    /// The same, for bodies that need not be text.
    pub async fn send_bytes(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, Vec<u8>)>,
    ) -> Answer {
        let answer = self.send_unchecked(method.clone(), path, body).await;
        contract::check(&method, path, &answer);
        answer
    }

    /// For what is beside the API, which the document does not describe.
    pub async fn get_unchecked(&self, path: &str) -> Answer {
        self.send_unchecked(Method::GET, path, None).await
    }

    /// Sends exactly this, whatever the document says about it.
    pub async fn send_unchecked(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, Vec<u8>)>,
    ) -> Answer {
        // A millisecond between any two requests, as in life.
        self.clock.fetch_add(1_000, Ordering::Relaxed);
        let mut req = TestRequest::with_uri(path).method(method);
        if let Some(peer) = self.peer {
            req = req.peer_addr(peer);
        }
        if let Some((media_type, body)) = body {
            req = req.insert_header(("content-type", media_type)).set_payload(body);
        }
        if let Some(token) = &self.token {
            req = req.insert_header(("authorization", format!("Bearer {token}")));
        }
        for (name, value) in &self.headers {
            req = req.append_header((name.as_str(), value.as_str()));
        }
        (self.call)(req.to_request()).await
    }
}
