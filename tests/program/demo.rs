//! `broadsheet demo` at the command line: once filled, kept as it is, and for one machine alone.
use std::fs;

use crate::{engines::Engine, process::program, server::Server};

#[test]
fn the_demo_appears_whole_and_is_filled_once() {
    let server = Server::demo(Engine::Sqlite);
    let files = || {
        let entries = fs::read_dir(server.home.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| !name.ends_with("-wal") && !name.ends_with("-shm"));
        names.sort();
        names
    };
    assert_eq!(files(), ["broadsheet.db", "broadsheet.db.secret", "said"]);
    let said = Server::demo_in(server.leave()).said();
    assert!(said.contains("there are users already"), "{said}");
}

#[test]
fn half_a_newsroom_of_an_interrupted_run_is_cleared_away() {
    let home = tempfile::tempdir().unwrap();
    let half = home.path().join("broadsheet.db.filling");
    fs::create_dir(&half).unwrap();
    fs::write(half.join("newsroom.db"), "half").unwrap();
    let server = Server::demo_in(home);
    assert!(!half.exists());
    assert!(!server.said().contains("there are users already"));
}

#[test]
fn the_demo_can_be_filled_without_being_served() {
    let home = tempfile::tempdir().unwrap();
    let arguments = ["demo", "--articles", "30", "--fill-only"];
    let done = program(home.path(), &arguments).output().unwrap();
    let (said, why) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr));
    assert!(done.status.success(), "{said}{}", why.unwrap());
    assert!(said.contains("30 of 30 generated articles"), "{said}");
    let server = Server::demo_in(home);
    assert!(server.said().contains("there are users already"), "{}", server.said());
}

#[test]
fn the_demo_is_not_served_to_a_network() {
    let home = tempfile::tempdir().unwrap();
    let mut command = program(home.path(), &["demo"]);
    let done = command.env("BIND_ADDR", "0.0.0.0:8080").output().unwrap();
    assert!(!done.status.success());
    let why = String::from_utf8(done.stderr).unwrap();
    assert!(why.contains("BIND_ADDR") && why.contains("127.0.0.1:8080"), "{why}");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "nothing is made");
}
