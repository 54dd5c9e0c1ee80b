//! A server is stopped for longer than it may trust what it keeps, while another goes on.
use std::{
    cell::Cell,
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    caller::Caller,
    cluster::Cluster,
    disk::Faults,
    engines::Engine,
    frozen::Frozen,
    newsroom::{Newsroom, id},
};

/// Longer than a server trusts what it keeps after it has last heard of changes.
const SUSPENDED: Duration = Duration::from_millis(2_100);

#[test]
fn the_first_answer_after_a_suspension_is_not_stale_on_sqlite() {
    the_first_answer_after_a_suspension_is_not_stale(Engine::Sqlite);
}

#[test]
fn the_first_answer_after_a_suspension_is_not_stale_on_postgres() {
    if Engine::postgres_is_here() {
        the_first_answer_after_a_suspension_is_not_stale(Engine::Postgres);
    }
}

fn the_first_answer_after_a_suspension_is_not_stale(engine: Engine) {
    let newsroom = Newsroom::open(engine);
    let suspended = newsroom.another(&[]);
    let signal = |name: &str| {
        let pid = suspended.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    };
    let (editor, reader) = (newsroom.editor(), Caller::new(&suspended.address));
    let section = editor.post("/manage/v1/sections", &json!({"name": "0"})).expect(201);
    let [desk, page] =
        ["/manage/v1", "/v1"].map(|face| format!("{face}/sections/{}", id(&section)));
    for version in 1..4 {
        // What is kept is what the last change has made, and is used.
        let ready = Some("broadsheet; hit");
        while reader.get(&page).header("cache-status") != ready {}
        signal("-STOP");
        let since = Instant::now();
        let name = version.to_string();
        let seen = editor.with("if-match", format!("\"{version}\""));
        seen.send("PATCH", &desk, Some(&json!({"name": name}))).expect(200);
        thread::sleep(SUSPENDED.saturating_sub(since.elapsed()));
        signal("-CONT");
        assert_eq!(reader.get(&page).expect(200)["name"], name);
    }
}

/// It is asked before it goes on, and its database says nothing after that: whatever the answer is
/// made of, it is not what others have told the server since.
fn what_cannot_be_checked_after_a_suspension_is_not_shown(
    newsroom: &Newsroom,
    freeze: impl FnOnce(),
    go_on: impl FnOnce(),
) {
    let page = "/v1/page?path=/world";
    let mut reader = TcpStream::connect(&newsroom.server.address).unwrap();
    let mut writer = reader.try_clone().unwrap();
    let ask = format!("GET {page} HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut answer = || {
        let mut heard = [0; 16 * 1024];
        let length = reader.read(&mut heard).unwrap();
        String::from_utf8_lossy(&heard[..length]).into_owned()
    };
    let started = Instant::now();
    loop {
        writer.write_all(ask.as_bytes()).unwrap();
        let heard = answer();
        assert!(started.elapsed() < Duration::from_mins(1), "it is never kept: {heard}");
        if heard.contains("\r\ncache-status: broadsheet; hit\r\n") {
            break;
        }
    }
    let signal = |name: &str| {
        let pid = newsroom.server.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    };
    signal("-STOP");
    let since = Instant::now();
    freeze();
    writer.write_all(ask.as_bytes()).unwrap();
    thread::sleep(SUSPENDED.saturating_sub(since.elapsed()));
    signal("-CONT");
    let heard = answer();
    go_on();
    assert!(heard.starts_with("HTTP/1.1 503 "), "{heard}");
}

/// What would be shown otherwise while the database is away.
const NOTHING_STALE: (&str, &str) = ("CACHE_STALE_IF_ERROR", "off");
const TIMEOUT: (&str, &str) = ("DATABASE_TIMEOUT", "2");

#[test]
fn what_cannot_be_checked_after_a_suspension_is_not_shown_on_sqlite() {
    let faults = Faults::compile();
    let (library, folder) = (faults.path("disk.so"), faults.path(""));
    let preload = [("LD_PRELOAD", &*library), ("FAULTS", &*folder), NOTHING_STALE, TIMEOUT];
    let newsroom = Newsroom::open_with(Engine::Sqlite, &preload);
    let (freeze, go_on) = (|| faults.begin("unreadable"), || faults.end("unreadable"));
    what_cannot_be_checked_after_a_suspension_is_not_shown(&newsroom, freeze, go_on);
}

#[test]
fn what_cannot_be_checked_after_a_suspension_is_not_shown_on_postgres() {
    if !Engine::postgres_is_here() {
        return;
    }
    let cluster = Cluster::start("").unwrap();
    let newsroom = Newsroom::at(&cluster.url(), &[NOTHING_STALE, TIMEOUT]);
    let frozen = Cell::new(None);
    let freeze = || frozen.set(Some(Frozen::cluster(&cluster)));
    let go_on = || drop(frozen.take());
    what_cannot_be_checked_after_a_suspension_is_not_shown(&newsroom, freeze, go_on);
}
