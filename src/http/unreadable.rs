//! Requests that cannot be read at all: actix refuses them before any handler hears of them, with
//! a bare status. Here they get the form of every other refusal, a figure, and a line in the log
//! for those who ask for such lines; whoever scans the network sends thousands.
use std::io;

use actix_codec::Encoder;
use actix_http::{Response, ServiceConfig, body::BodySize, h1};
use actix_web::{
    ResponseError,
    body::MessageBody,
    http::{
        ConnectionType, StatusCode,
        header::{self, HeaderValue},
    },
    web::BytesMut,
};
use uuid::Uuid;

use super::{
    gate::{self, Hsts},
    meter::Meter,
};
use crate::error::{Error, REQUEST_ID};

/// More bytes than any bare refusal has.
const LONGEST: usize = 160;

/// Where in these bytes, at their end, a refusal without a body stands that no handler has made,
/// and its status. Whatever handlers answer has other headers.
pub fn refusal_at_the_end(bytes: &[u8]) -> Option<(usize, StatusCode)> {
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let from = bytes.len().saturating_sub(LONGEST);
    let at = from + bytes[from..].windows(7).rposition(|window| window == b"HTTP/1.")?;
    let mut headers = [httparse::EMPTY_HEADER; 4];
    let mut head = httparse::Response::new(&mut headers);
    if !head.parse(&bytes[at..]).ok()?.is_complete() {
        return None;
    }
    let status = StatusCode::from_u16(head.code?).ok()?;
    let bare = ["content-length", "connection", "date"];
    let is_bare = head.headers.iter().all(|header| bare.contains(&header.name));
    (is_bare && (status.is_client_error() || status.is_server_error())).then_some((at, status))
}

/// Answers them.
pub struct Refusals {
    hsts: Option<Hsts>,
    meter: Meter,
    server: ServiceConfig,
}

impl Refusals {
    /// With the headers that all answers have, and counted by this meter.
    pub fn new(hsts: Option<Hsts>, meter: Meter) -> Self {
        Self { hsts, meter, server: ServiceConfig::default() }
    }

    /// The whole answer, as it is sent.
    pub fn answer(&self, status: StatusCode) -> io::Result<Vec<u8>> {
        let id = Uuid::now_v7().to_string();
        let refusal = match status {
            StatusCode::REQUEST_TIMEOUT => Error::TooSlowHead,
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Error::TooLargeHead,
            status if status.is_client_error() => Error::malformed(
                "This is no HTTP/1.1 request that can be read: its first line, a header, or where \
                 its body ends. It needs one Host header, and a target in ASCII.",
            ),
            _ => Error::internal("actix could not go on with a request"),
        };
        tracing::debug!(request_id = id, status = status.as_u16(), "refused what is no request");
        self.meter.count_unreadable(status);
        let mut answer = REQUEST_ID.sync_scope(id.clone(), || refusal.error_response());
        gate::harden(answer.headers_mut(), &id, self.hsts.as_ref());
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer.head_mut().set_connection_type(ConnectionType::Close);
        let (head, body) = Response::from(answer).into_parts();
        let body = body.try_into_bytes().map_err(|_| io::ErrorKind::InvalidData)?;
        let mut bytes = BytesMut::new();
        let mut codec = h1::Codec::new(self.server.clone());
        let length = BodySize::Sized(body.len() as u64);
        codec.encode(h1::Message::Item((head, length)), &mut bytes)?;
        codec.encode(h1::Message::Chunk(Some(body)), &mut bytes)?;
        Ok(bytes.to_vec())
    }

    /// Counts a connection that was closed since its client took nothing.
    pub fn note_stalled(&self) {
        tracing::debug!("closed a connection whose client took nothing of its answer");
        self.meter.count_stalled();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\
                        date: Wed, 25 Nov 2026 16:52:53 GMT\r\n\r\n";

    #[test]
    fn a_bare_refusal_is_found_behind_whatever_stands_before_it() {
        let found = |text: &str| refusal_at_the_end(text.as_bytes());
        assert_eq!(found(BARE), Some((0, StatusCode::BAD_REQUEST)));
        let behind = format!("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{{}}{BARE}");
        assert_eq!(found(&behind), Some((behind.len() - BARE.len(), StatusCode::BAD_REQUEST)));
        let long = BARE.replace("400 Bad Request", "431 Request Header Fields Too Large");
        assert_eq!(found(&long), Some((0, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)));
    }

    #[test]
    fn what_handlers_answer_is_left_alone() {
        for other in [
            "",
            "\r\n\r\n",
            "HTTP/1.1 204 No Content\r\ndate: x\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nx-request-id: a\r\n\r\n",
            &BARE[..BARE.len() - 1],
            &format!("{BARE}."),
        ] {
            assert_eq!(refusal_at_the_end(other.as_bytes()), None, "{other}");
        }
    }
}
