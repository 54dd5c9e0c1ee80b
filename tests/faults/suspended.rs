//! A server is stopped for longer than it may trust what it keeps, while another goes on.
use std::{
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    caller::Caller,
    engines::Engine,
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
