//! A folder of backups: what is kept in it, and that nothing else is ever removed.
use std::{
    fs::{self, File},
    num::NonZeroUsize,
    path::Path,
};

use broadsheet::{
    config::DatabaseUrl,
    error::Result,
    time::Instant,
    transfer::retention::{self, Added},
};
use diesel::{Connection, RunQueryDsl, SqliteConnection, dsl::sql, sql_types::Text};
use serde_json::json;

use crate::support::{Engine, TestApp};

fn add(database: &str, folder: &Path, keep: usize, at: &str) -> Result<Added> {
    let url: DatabaseUrl = database.parse().unwrap();
    let now: Instant = at.parse().unwrap();
    retention::add(&url, folder, NonZeroUsize::new(keep).unwrap(), now, || ())
}

/// What is in the folder, by name.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The sections that a backup has, by name.
fn sections(backup: &Path) -> Vec<String> {
    let mut conn = SqliteConnection::establish(backup.to_str().unwrap()).unwrap();
    sql::<Text>("select name from sections order by name").load(&mut conn).unwrap()
}

#[actix_web::test]
async fn the_oldest_go_and_each_that_stays_shows_its_own_instant() {
    let app = TestApp::start(Engine::Sqlite).await;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("backups");
    let admin = app.admin().await;
    for (section, at) in [
        ("Arts", "2026-11-28T03:15:00Z"),
        ("Books", "2026-11-29T03:15:00Z"),
        ("City", "2026-11-30T03:15:00Z"),
        ("Docks", "2026-11-30T05:15:00+01:00"),
    ] {
        admin.post("/manage/v1/sections", json!({"name": section})).await.expect(201);
        let added = add(app.url(), &folder, 3, at).unwrap();
        assert_eq!(added.removed.len(), usize::from(section == "Docks"));
        assert_eq!(fs::metadata(&added.path).unwrap().len(), added.bytes);
    }
    let expected = ["20261129T031500Z", "20261130T031500Z", "20261130T041500Z"];
    let expected = expected.map(|at| format!("broadsheet-{at}.db"));
    assert_eq!(names(&folder), expected);
    let shown = expected.each_ref().map(|name| sections(&folder.join(name)).len());
    assert_eq!(shown, [2, 3, 4]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "password hashes are in it");
    }
}

#[actix_web::test]
async fn what_others_have_put_there_stays() {
    let app = TestApp::start(Engine::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let theirs = [
        "broadsheet.db",
        "broadsheet-before-the-upgrade.db",
        "broadsheet-20200101T000000Z.db.gz",
        "broadsheet-20200101T000000Z.db-wal",
        "copy of broadsheet-20200101T000000Z.db",
        "notes.txt",
    ];
    for name in theirs {
        fs::write(at(name), "theirs").unwrap();
    }
    fs::create_dir(at("broadsheet-20200102T000000Z.db")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(at("notes.txt"), at("broadsheet-20200103T000000Z.db")).unwrap();
    // Of runs that were killed, and of one that is still at it.
    fs::write(at("broadsheet-20200104T000000Z.db.partial"), "half").unwrap();
    let running = at("broadsheet-20200105T000000Z.db.partial");
    let lock = File::create(&running).unwrap();
    lock.lock().unwrap();

    let before = names(folder.path());
    add(app.url(), folder.path(), 1, "2026-11-25T03:15:00Z").unwrap();
    let added = add(app.url(), folder.path(), 1, "2026-11-26T03:15:00Z").unwrap();
    assert_eq!(added.removed, [at("broadsheet-20261125T031500Z.db")]);
    let mut expected = before;
    expected.retain(|name| name != "broadsheet-20200104T000000Z.db.partial");
    expected.push("broadsheet-20261126T031500Z.db".to_owned());
    expected.sort();
    assert_eq!(names(folder.path()), expected);
    drop(lock);
}

#[actix_web::test]
async fn a_clock_that_was_wrong_costs_no_backup() {
    let app = TestApp::start(Engine::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    let keep_two = |at: &str| add(app.url(), folder.path(), 2, at).unwrap();
    keep_two("2026-11-24T03:15:00Z");
    // Ahead by a year, for a night.
    keep_two("2027-11-25T03:15:00Z");
    let corrected = keep_two("2026-11-26T03:15:00Z");
    assert_eq!(corrected.ahead, [folder.path().join("broadsheet-20271125T031500Z.db")]);
    assert_eq!(corrected.removed, [""; 0].map(std::path::PathBuf::from));
    // Behind by decades: what is there is named after times to come, for all that it knows.
    assert_eq!(keep_two("2000-01-01T00:00:10Z").ahead.len(), 3);
    let left = ["20261124T031500Z", "20261126T031500Z", "20271125T031500Z"];
    let left = left.map(|at| format!("broadsheet-{at}.db"));
    assert_eq!(names(folder.path())[1..], left);
    // Right again: the oldest by their names go.
    let right = keep_two("2026-11-27T03:15:00Z");
    assert_eq!(right.removed.len(), 2);
    assert_eq!(names(folder.path())[0], "broadsheet-20261126T031500Z.db");
}

#[actix_web::test]
async fn nothing_is_removed_unless_a_new_one_is_there() {
    let app = TestApp::start(Engine::Sqlite).await;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("backups");
    let source = home.path().join("source.db");
    add(app.url(), &home.path().join("first"), 1, "2026-11-20T03:15:00Z").unwrap();
    let copy = home.path().join("first/broadsheet-20261120T031500Z.db");
    fs::copy(&copy, &source).unwrap();
    let url = format!("sqlite:{}", source.display());
    add(&url, &folder, 1, "2026-11-24T03:15:00Z").unwrap();
    let kept = names(&folder);

    // Pages in the middle are lost.
    let mut bytes = fs::read(&source).unwrap();
    let length = bytes.len();
    bytes[length / 3..length / 3 * 2].fill(0xAA);
    fs::write(&source, bytes).unwrap();
    add(&url, &folder, 1, "2026-11-25T03:15:00Z").unwrap_err();
    let named = |name: &String| !name.ends_with(".partial");
    assert_eq!(names(&folder).into_iter().filter(named).collect::<Vec<_>>(), kept);
    fs::remove_file(&source).unwrap();
    add(&url, &folder, 1, "2026-11-26T03:15:00Z").unwrap_err();
    assert_eq!(names(&folder).into_iter().filter(named).collect::<Vec<_>>(), kept);
    assert!(!source.exists(), "nothing is made that was not there");
    // The instant is taken: what is there is not overwritten.
    add(app.url(), &folder, 1, "2026-11-24T03:15:00Z").unwrap_err();
    assert_eq!(names(&folder).into_iter().filter(named).collect::<Vec<_>>(), kept);
}
