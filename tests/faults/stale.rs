//! While the file of SQLite cannot be read, readers get what is kept, marked as stale, for as long as
//! the settings allow.
use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{disk::Faults, engines::Engine, newsroom::Newsroom};

const LOOK: Duration = Duration::from_millis(5);
/// Far more than anything here should take.
const PATIENCE: Duration = Duration::from_mins(1);
const PAGE: &str = "/v1/page?path=/world";

/// How a page is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    Ready,
    Made,
    Stale,
    Refused,
}

#[test]
fn readers_get_kept_answers_while_sqlite_cannot_be_read() {
    let faults = Faults::compile();
    let (library, folder) = (faults.path("disk.so"), faults.path(""));
    let settings = [
        ("LD_PRELOAD", &*library),
        ("FAULTS", &*folder),
        ("DATABASE_TIMEOUT", "2"),
        ("CACHE_STALE_IF_ERROR", "6"),
    ];
    let newsroom = Newsroom::open_with(Engine::Sqlite, &settings);
    let reader = newsroom.reader();
    // How the page is answered.
    let answered = || {
        let answer = reader.get(PAGE);
        match (answer.status, answer.header("cache-status")) {
            (200, Some("broadsheet; hit")) => Page::Ready,
            (200, Some("broadsheet; hit; detail=stale-if-error")) => {
                assert_eq!(answer.header("cache-control"), Some("no-cache, s-maxage=0"));
                let age: u64 = answer.header("age").unwrap().parse().unwrap();
                // The lease is two seconds, and what is missed is counted from its beginning.
                assert!((2..6).contains(&age), "{age}");
                Page::Stale
            }
            (200, _) => Page::Made,
            (503, _) => Page::Refused,
            (other, _) => panic!("{other}: {}", answer.text),
        }
    };
    let until = |wanted: Page, before: &[Page]| {
        let started = Instant::now();
        loop {
            match answered() {
                found if found == wanted => return,
                found => assert!(before.contains(&found), "{found:?} before {wanted:?}"),
            }
            assert!(started.elapsed() < PATIENCE, "never: {wanted:?}");
            thread::sleep(LOOK);
        }
    };
    for _ in 0..2 {
        until(Page::Ready, &[Page::Refused, Page::Stale, Page::Made]);
        faults.begin("unreadable");
        until(Page::Stale, &[Page::Ready]);
        reader.get("/v1/articles?limit=7").expect(503);
        until(Page::Refused, &[Page::Stale]);
        faults.end("unreadable");
    }
    until(Page::Ready, &[Page::Refused, Page::Made]);
    newsroom.reads_are_right();
}
