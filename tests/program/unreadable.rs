//! What comes on connections and is no request, or one to no address: it is refused as everything
//! else is, counted, and no line in the log.
use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::Value;

use crate::server::Server;

/// What comes back for these bytes, until the server closes the connection.
fn answer(server: &Server, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(&server.process.address).unwrap();
    stream.write_all(sent).unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).unwrap();
    heard
}

/// Holds an answer to be a problem document in the form of all others; its status.
#[track_caller]
fn problem(answer: &str) -> u64 {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(given, _)| *given == name).map(|(_, value)| value)
    };
    assert_eq!(header("content-type"), Some("application/problem+json"), "{answer}");
    assert_eq!(header("connection"), Some("close"), "{answer}");
    assert_eq!(header("cache-control"), Some("no-store"), "{answer}");
    assert_eq!(header("x-content-type-options"), Some("nosniff"), "{answer}");
    assert!(header("date").is_some() && header("content-security-policy").is_some(), "{answer}");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["request_id"].as_str(), header("x-request-id"), "{answer}");
    let status = body["status"].as_u64().unwrap();
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    status
}

/// The beginning of a TLS handshake.
const CLIENT_HELLO: &[u8] = b"\x16\x03\x01\x00\xf8\x01\x00\x00\xf4\x03\x03\xa9\x0c\r\n\r\n";

#[test]
fn what_is_no_request_is_refused_in_the_api_s_form_and_without_a_line_in_the_log() {
    let mut server = Server::demo_with(&[("RUST_LOG", "info"), ("ACCESS_LOG", "on")]);
    let get = "GET /v1/sections HTTP/1.1\r\n";
    let long = format!("{get}Host: x\r\nX-Long: {}\r\n\r\n", "a".repeat(300_000));
    let twice = format!("{get}Host: x\r\nHost: x\r\n\r\n");
    let lengths = format!("{get}Host: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
    let malformed: [&[u8]; 9] = [
        b"hello\r\n\r\n",
        b"GET /v1/\xc5\xbc HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"\x00\x00\x00\x00\r\n\r\n",
        CLIENT_HELLO,
        get.as_bytes().trim_ascii_end(),
        twice.as_bytes(),
        lengths.as_bytes(),
    ];
    for sent in malformed {
        let sent = [sent, b"\r\n\r\n"].concat();
        assert_eq!(problem(&answer(&server, &sent)), 400, "{}", sent.escape_ascii());
    }
    assert_eq!(problem(&answer(&server, long.as_bytes())), 431);
    // Behind a request that is one, on the same connection.
    let both = [get.as_bytes(), b"Host: x\r\n\r\n", b"hello\r\n\r\n"].concat();
    let both = answer(&server, &both);
    let (first, second) = both.split_at(both.rfind("HTTP/1.1 4").unwrap());
    assert!(first.starts_with("HTTP/1.1 200 OK"), "{both}");
    assert_eq!(problem(second), 400);

    let (_, figures) = server.call("/metrics", &[]);
    let counted = |status: u16, times: usize| {
        let line =
            format!("broadsheet_http_unreadable_requests_total{{status=\"{status}\"}} {times}");
        figures.lines().any(|figure| figure == line)
    };
    assert!(counted(400, malformed.len() + 1) && counted(431, 1), "{figures}");
    server.process.kill();
    let lines: Vec<String> = server.process.log.iter().collect();
    let loud = lines.iter().find(|line| line.contains("ERROR") || line.contains("actix_http"));
    assert_eq!(loud, None);
    assert!(lines.iter().any(|line| line.contains("answered")), "nothing is logged at all");
}

#[test]
fn an_address_that_is_spelled_otherwise_leads_nowhere() {
    let server = Server::demo_with(&[]);
    let get = |target: &str| {
        answer(
            &server,
            format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes(),
        )
    };
    for target in [
        "/%6danage/v1/me",
        "/v1/%73ections?x=1",
        "/v1/../manage/v1/me",
        "/v1/./sections",
        "/v1/%2e%2e/manage/v1/me",
        "/%zz",
        "*",
        "ftp://x/v1/sections",
        "http://user@x/v1/sections",
    ] {
        assert_eq!(problem(&get(target)), 400, "{target}");
    }
    for target in ["//manage/v1/me", "/v1/sections/", "/manage%2Fv1/me", "/v1/sections%00"] {
        assert_eq!(problem(&get(target)), 404, "{target}");
    }
    for target in ["/v1/sections", "http://x/v1/sections", "http://other.example:80/v1/sections"] {
        assert!(get(target).starts_with("HTTP/1.1 200 OK"), "{target}");
    }
    let unnamed =
        answer(&server, b"GET /v1/sections HTTP/1.1\r\nHost: a/b\r\nConnection: close\r\n\r\n");
    assert_eq!(problem(&unnamed), 400);
    let old = answer(&server, b"GET /v1/sections HTTP/1.0\r\n\r\n");
    assert!(old.contains(" 200 OK"), "{old}");
}
