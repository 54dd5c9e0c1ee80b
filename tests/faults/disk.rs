//! The disk fails under SQLite: it is full, or does not keep what it is given.
use std::{fs, path::Path, process::Command};

use serde_json::json;

use crate::{engines::Engine, newsroom::Newsroom, shift::under_load};

/// Where faults are switched on, and what makes a program meet them.
pub struct Faults {
    home: tempfile::TempDir,
}

impl Faults {
    pub fn compile() -> Self {
        let home = tempfile::tempdir().unwrap();
        let done = Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .args([&home.path().join("disk.so"), Path::new("tests/faults/disk.c")])
            .arg("-ldl")
            .status();
        assert!(done.unwrap().success());
        Self { home }
    }

    pub fn path(&self, name: &str) -> String {
        self.home.path().join(name).display().to_string()
    }

    pub fn begin(&self, fault: &str) {
        fs::write(self.path(fault), "").unwrap();
    }

    pub fn end(&self, fault: &str) {
        fs::remove_file(self.path(fault)).unwrap();
    }
}

#[test]
fn a_full_disk_refuses_writers_and_nobody_else() {
    a_disk_fails("full", 507);
}

#[test]
fn a_disk_that_keeps_nothing_refuses_writers_and_nobody_else() {
    a_disk_fails("sync", 503);
}

/// Twice under load: once it recovers by itself, once the program is killed while it fails.
fn a_disk_fails(fault: &str, status: u16) {
    let faults = Faults::compile();
    let settings = [("LD_PRELOAD", faults.path("disk.so")), ("FAULTS", faults.path(""))];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut newsroom = Newsroom::open_with(Engine::Sqlite, &settings);
    let mut desks = newsroom.desks(8, 6);
    under_load(&mut desks, |shift| {
        shift.goes_on();
        faults.begin(fault);
        shift.is_refused();
        let section = json!({"name": "Nowhere"});
        let refused = newsroom.editor().post("/manage/v1/sections", &section);
        assert_eq!(refused.status, status, "{}", refused.text);
        for path in ["/v1/articles", "/v1/page?path=/world", "/v1/articles?limit=7"] {
            newsroom.reader().get(path).expect(200);
        }
        faults.end(fault);
        shift.goes_on();
    });
    newsroom.is_whole(&mut desks);
    newsroom.reads_are_right();
    assert!(desks.iter().all(|desk| desk.lost == 0));
    let refusals = desks.iter().flat_map(|desk| desk.answers.keys());
    assert!(refusals.filter(|answer| **answer >= 500).all(|answer| *answer == status));

    under_load(&mut desks, |shift| {
        shift.goes_on();
        faults.begin(fault);
        shift.is_refused();
        newsroom.server.kill();
    });
    faults.end(fault);
    newsroom.restart();
    newsroom.is_whole(&mut desks);
}
