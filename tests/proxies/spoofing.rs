//! Nobody chooses their own address behind a shipped proxy.
use std::time::Duration;

use serde_json::Value;

use crate::{
    process::free_address,
    proxy::Kind,
    reader::{ADDRESS, ask},
    server::Server,
};

/// How clients try to be somebody else.
const TRIES: &[&[&str]] = &[
    &[],
    &["x-forwarded-for: 203.0.113.9"],
    &["X-Forwarded-For: 203.0.113.9, 127.0.0.1"],
    &["x-forwarded-for: 203.0.113.9", "x-forwarded-for: 203.0.113.8"],
    &["x-forwarded-for;"],
    &["x_forwarded_for: 203.0.113.9"],
    &["forwarded: for=203.0.113.9"],
    &["forwarded: for=\"203.0.113.9, for=203.0.113.8\""],
    &["x-real-ip: 203.0.113.9"],
    &["reader-address: 203.0.113.9"],
    // Whatever this names is for the next hop alone, and removed there (RFC 9110, 7.6.1).
    &["connection: x-forwarded-for", "x-forwarded-for: 203.0.113.9"],
    &["connection: keep-alive, X-Forwarded-For, X-Request-Id", "forwarded: for=203.0.113.9"],
];

fn nobody_chooses_their_own_address(kind: Kind) {
    if !kind.is_here() {
        return;
    }
    let settings = [
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("ACCESS_LOG", "on"),
        ("LOG_FORMAT", "json"),
        ("RUST_LOG", "info"),
    ];
    let server = Server::demo_with(&settings);
    let proxy = kind.start(&free_address(), &server.process.address);
    for (number, headers) in TRIES.iter().enumerate() {
        let headers: Vec<&str> = headers.iter().flat_map(|header| ["-H", header]).collect();
        // Each of its own, so that no cache answers in the server's stead.
        let answer = ask(&proxy.origin(), &format!("/v1/articles?limit={}", number + 1), &headers);
        if answer.status == 400 && number > 0 {
            // Varnish takes no request that has its own headers removed.
            continue;
        }
        assert_eq!(answer.status, 200, "{headers:?}: {answer:?}");
        assert_eq!(client(&server, answer.header("x-request-id")), ADDRESS, "{headers:?}");
    }
}

/// Where the server says that the request with this id came from.
fn client(server: &Server, request_id: &str) -> String {
    loop {
        let line = server.process.log.recv_timeout(Duration::from_secs(30)).expect("a line");
        let line: Value = serde_json::from_str(&line).unwrap();
        if line["target"] == "broadsheet::access" && line["request_id"] == request_id {
            return line["client_address"].as_str().unwrap().to_owned();
        }
    }
}

#[test]
fn nobody_chooses_their_own_address_behind_nginx() {
    nobody_chooses_their_own_address(Kind::Nginx);
}

#[test]
fn nobody_chooses_their_own_address_behind_haproxy() {
    nobody_chooses_their_own_address(Kind::Haproxy);
}

#[test]
fn nobody_chooses_their_own_address_behind_caddy() {
    nobody_chooses_their_own_address(Kind::Caddy);
}

#[test]
fn nobody_chooses_their_own_address_behind_varnish() {
    nobody_chooses_their_own_address(Kind::Varnish);
}
