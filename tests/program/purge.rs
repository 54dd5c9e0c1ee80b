//! What the log says about purges: trouble once, its end once, and never a secret.
use std::time::Duration;

use crate::{
    receiver::Receiver,
    server::{Server, post},
};

const TOKEN: &str = "hush-hush-token";
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn trouble_is_logged_once_and_its_end_once_without_any_secret() {
    let (receiver, elsewhere) = (Receiver::start(), Receiver::start());
    receiver.redirect(&[500, 307], &format!("{}/hush-hush-elsewhere", elsewhere.origin));
    let address = format!("{}/hush-hush-path", receiver.origin);
    let settings = [
        ("PURGE_URL", &*address),
        ("PURGE_TOKEN", TOKEN),
        ("RUST_LOG", "trace"),
        // A machine that is slow is no trouble here.
        ("SLOW_QUERY_MS", "0"),
    ];
    let mut server = Server::demo_with(&settings);
    let who = r#"{"email": "editor@example.org", "password": "demo-newsroom"}"#;
    let answer = post(&server.origin, "/manage/v1/session", "", who);
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let token = answer["access_token"].as_str().unwrap();
    post(&server.origin, "/manage/v1/sections", token, r#"{"name": "Night shift"}"#);

    // None of what the demo was filled with is told.
    for _ in 0..3 {
        let purge = receiver.next();
        assert_eq!(purge.request, "POST /hush-hush-path HTTP/1.1");
        assert_eq!(purge.tags(), ["sections"]);
        assert_eq!(purge.header("authorization"), Some(&*format!("Bearer {TOKEN}")));
    }
    let mut log = Vec::new();
    while !log.last().is_some_and(|line: &String| line.contains("exact again")) {
        log.push(
            server.process.log.recv_timeout(PATIENCE).expect("a word on the end of the trouble"),
        );
    }
    server.process.kill();
    log.extend(server.process.log.iter());
    let warnings = log.iter().filter(|line| line.contains("WARN")).collect::<Vec<_>>();
    assert!(matches!(warnings[..], [one] if one.contains(&receiver.origin)), "{warnings:?}");
    assert_eq!(log.iter().filter(|line| line.contains("exact again")).count(), 1);
    let secret = log.iter().find(|line| line.contains("hush"));
    assert_eq!(secret, None);
    assert!(receiver.is_quiet() && elsewhere.is_quiet());
}
