//! The tour in README.md, pasted into a shell as a newcomer would.
use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use crate::{engines::Engine, server::Server};

/// Where the README says that the demo is served.
const ORIGIN: &str = "http://127.0.0.1:8080";

#[test]
fn the_tour_works_on_sqlite() {
    take_the_tour(Engine::Sqlite);
}

#[test]
fn the_tour_works_on_postgres() {
    if Engine::postgres_is_here() {
        take_the_tour(Engine::Postgres);
    }
}

fn take_the_tour(engine: Engine) {
    let server = Server::demo(engine);
    let blocks = blocks();
    assert!(blocks.contains(ORIGIN), "the tour says where the demo is");
    let seen = paste(&blocks.replace(ORIGIN, &server.origin));

    let lines: Vec<&str> = seen.lines().collect();
    let statuses: Vec<&str> = lines
        .iter()
        .copied()
        .filter(|line| line.len() == 3 && line.bytes().all(|byte| byte.is_ascii_digit()))
        .collect();
    // Three sign-ins; section and article; submitted, approved, published; a comment held, and
    // approved.
    assert_eq!(
        statuses,
        ["200", "200", "200", "201", "201", "200", "200", "200", "202", "200"],
        "{seen}"
    );
    let headline = r#""headline":"The night ferry finds its passengers""#;
    let pages: Vec<&str> = lines.into_iter().filter(|line| line.contains(headline)).collect();
    let [before, html, after] = pages[..] else { panic!("the article is read thrice: {seen}") };
    assert!(before.contains(r#""count":0"#), "{before}");
    assert!(html.contains("<strong>212 people</strong>"), "{html}");
    assert!(after.contains(r#""count":1"#) && after.contains("night owl"), "{after}");
}

/// Every shell block between the tour's heading and the next one.
fn blocks() -> String {
    let readme = fs::read_to_string("README.md").unwrap();
    let (_, tour) = readme.split_once("\n## A tour in five minutes\n").expect("the tour");
    let tour = tour.split("\n## ").next().unwrap();
    let blocks = tour.split("\n```sh\n").skip(1).map(|rest| rest.split("\n```").next().unwrap());
    blocks.flat_map(|block| [block, "\n"]).collect()
}

/// Gives the text to a shell in an empty folder; returns what it prints.
fn paste(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh")
        .arg("-eu")
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    shell.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let done = shell.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && errors.is_empty(), "the tour needs sh and curl: {errors}");
    String::from_utf8(done.stdout).unwrap()
}
