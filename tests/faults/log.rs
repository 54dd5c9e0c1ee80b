//! SQLite's write-ahead log grows while somebody reads for long, and is small again afterwards.
use std::{
    fs, thread,
    time::{Duration, Instant},
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use serde_json::json;

use crate::{engines::Engine, newsroom::Newsroom};

const LOOK: Duration = Duration::from_millis(5);
/// Far more than anything here should take.
const PATIENCE: Duration = Duration::from_mins(1);
/// What the log may take for good, in bytes.
const LIMIT: u64 = 16 * 1024 * 1024;

#[test]
fn the_log_shrinks_when_nobody_reads_an_old_state_any_more() {
    let newsroom = Newsroom::open(Engine::Sqlite);
    let path = newsroom.url().strip_prefix("sqlite:").unwrap().to_owned();
    let size = || fs::metadata(format!("{path}-wal")).unwrap().len();
    let editor = newsroom.editor();
    let paragraph = json!({"type": "paragraph", "text": [{"text": "x".repeat(10_000)}]});
    let body = vec![paragraph; 10];
    let write = || {
        let article = json!({
            "headline": "Long", "lead": "Longer.", "body": body,
            "section_id": newsroom.shared.section,
        });
        editor.post("/manage/v1/articles", &article).expect(201);
    };
    let mut export = SqliteConnection::establish(&path).unwrap();
    export.batch_execute("begin; select count(*) from articles").unwrap();
    let started = Instant::now();
    while size() < 2 * LIMIT {
        assert!(started.elapsed() < PATIENCE, "the log has {} bytes", size());
        write();
    }
    // Nobody waited for it.
    let longest = (0..20).map(|_| {
        let started = Instant::now();
        write();
        started.elapsed()
    });
    assert!(longest.max().unwrap() < Duration::from_secs(2));
    export.batch_execute("rollback").unwrap();
    drop(export);
    let started = Instant::now();
    while size() > LIMIT {
        assert!(started.elapsed() < PATIENCE, "the log stays at {} bytes", size());
        write();
        thread::sleep(LOOK);
    }
    println!("the log has {} bytes after {:?}", size(), started.elapsed());
    newsroom.reads_are_right();
}
