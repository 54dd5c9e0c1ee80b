//! A standby that answers readers: they see what was acknowledged, whichever of the two is there.
use std::time::{Duration, Instant};

use serde_json::json;

use crate::{
    engines::Engine,
    newsroom::{Newsroom, id},
    outage::pair,
};

#[test]
fn readers_see_what_was_acknowledged_whoever_answers() {
    if !Engine::postgres_is_here() {
        return;
    }
    let (primary, standby) = pair();
    let settings = [("DATABASE_READ_URL", &*standby.url()), ("CACHE", "off")];
    let newsroom = Newsroom::at(&primary.url(), &settings);
    let (editor, reader) = (newsroom.editor(), newsroom.reader());
    let section = editor.post("/manage/v1/sections", &json!({"name": "0"})).expect(201);
    let [desk, page] =
        ["/manage/v1", "/v1"].map(|face| format!("{face}/sections/{}", id(&section)));
    let rename = |version: u32| {
        let name = version.to_string();
        let seen = editor.with("if-match", format!("\"{version}\""));
        seen.send("PATCH", &desk, Some(&json!({"name": name}))).expect(200);
        assert_eq!(reader.get(&page).expect(200)["name"], name);
    };
    let on_standby = |statement: &str| standby.tool("psql", &[&standby.url(), "-c", statement]);
    let stop = ["-D", "data", "-m", "fast", "stop"];

    (1..50).for_each(rename);
    on_standby("select pg_wal_replay_pause()");
    (50..60).for_each(rename);
    on_standby("select pg_wal_replay_resume()");
    (60..70).for_each(rename);

    // Nobody but the standby is there to answer.
    primary.tool("pg_ctl", &stop);
    editor.send("PATCH", &desk, Some(&json!({"name": "nobody writes"}))).expect(503);
    // It is asked again a second after it lagged behind.
    let (started, soon) = (Instant::now(), Duration::from_secs(5));
    while reader.get(&page).status == 503 && started.elapsed() < soon {}
    assert_eq!(reader.get(&page).expect(200)["name"], "69");
    primary.resume("");
    (70..80).for_each(rename);

    // And nobody but the primary.
    standby.tool("pg_ctl", &stop);
    (80..90).for_each(rename);
    standby.resume("");
    (90..100).for_each(rename);
}
