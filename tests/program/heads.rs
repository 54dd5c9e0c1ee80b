//! Heads of requests that are longer than any client needs.
use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crate::server::Server;

/// What comes back for a request with these header lines, as far as it can be heard.
fn answer(server: &Server, lines: &str) -> String {
    let mut stream = TcpStream::connect(&server.process.address).unwrap();
    write!(stream, "GET /v1/sections HTTP/1.1\r\nHost: x\r\n{lines}Connection: close\r\n\r\n")
        .unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).unwrap();
    heard
}

#[test]
fn heads_beyond_the_limits_are_refused() {
    let server = Server::demo_with(&[]);
    let many =
        |count: usize| (0..count).map(|at| format!("X-{at}: a\r\n")).collect::<Vec<_>>().concat();
    let long = |bytes: usize| format!("X-Long: {}\r\n", "a".repeat(bytes));
    for taken in [many(80), long(60_000)] {
        assert!(answer(&server, &taken).starts_with("HTTP/1.1 200"));
    }
    assert!(answer(&server, &many(200)).starts_with("HTTP/1.1 431"));
    assert!(answer(&server, &long(1_000_000)).starts_with("HTTP/1.1 431"));
}
