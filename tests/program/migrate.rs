//! `broadsheet migrate` at the command line: tells what is missing, refuses what is newer, and
//! leaves nothing half done.
use std::{
    fs,
    path::Path,
    process::{Output, Stdio},
    thread,
    time::Duration,
};

use broadsheet::{
    config::DatabaseUrl,
    db::migrations::{self, Fit},
};

use crate::{
    engines::{Database, Engine, execute},
    process::program,
};

fn run(home: &Path, database: &Database, arguments: &[&str]) -> Output {
    let mut command = program(home, arguments);
    command.env("JWT_SECRET", "a secret for tests, long enough to sign");
    command.env("DATABASE_URL", &database.url).output().unwrap()
}

/// How many migrations there are.
fn known() -> usize {
    fs::read_dir("migrations/sqlite").unwrap().count()
}

fn refusal(done: &Output) -> String {
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    String::from_utf8(done.stderr.clone()).unwrap()
}

fn on_each_engine(test: fn(Engine)) {
    test(Engine::Sqlite);
    if Engine::postgres_is_here() {
        test(Engine::Postgres);
    }
}

#[test]
fn a_check_says_what_is_missing_and_changes_nothing() {
    on_each_engine(|engine| {
        let (home, database) = (tempfile::tempdir().unwrap(), engine.database());
        for _ in 0..2 {
            let why = refusal(&run(home.path(), &database, &["migrate", "--check"]));
            let expected = match engine {
                Engine::Sqlite => "there is no file",
                Engine::Postgres => "lacks 2026-11-23-000001_journal, ",
            };
            assert!(why.contains(expected), "{why}");
        }
        for count in [known(), 0] {
            let done = run(home.path(), &database, &["migrate"]);
            let said = String::from_utf8(done.stdout).unwrap();
            let count = format!("\n{count} migrations");
            assert!(done.status.success() && format!("\n{said}").contains(&count), "{said}");
        }
        let done = run(home.path(), &database, &["migrate", "--check"]);
        assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
    });
}

#[test]
fn a_newer_database_is_refused_by_name() {
    on_each_engine(|engine| {
        let (home, database) = (tempfile::tempdir().unwrap(), engine.database());
        assert!(run(home.path(), &database, &["migrate"]).status.success());
        execute(
            &database.url,
            "insert into __diesel_schema_migrations (version) values ('29991231000001')",
        );
        let commands: [&[&str]; 5] = [
            &["serve"],
            &["migrate"],
            &["migrate", "--check"],
            &["user", "list"],
            &["demo", "--fill-only"],
        ];
        for command in commands {
            let why = refusal(&run(home.path(), &database, command));
            assert!(why.contains("newer") && why.contains("29991231000001"), "{why}");
        }
    });
}

/// Killed after ever longer, until it gets to its end.
#[test]
fn a_killed_migration_has_happened_or_not() {
    on_each_engine(|engine| {
        let (home, database) = (tempfile::tempdir().unwrap(), engine.database());
        let url: DatabaseUrl = database.url.parse().unwrap();
        let mut command = program(home.path(), &["migrate"]);
        command.env("DATABASE_URL", &database.url).stdout(Stdio::null());
        for pause in (0..).map(|step| Duration::from_millis(2 * step)) {
            let mut child = command.spawn().unwrap();
            thread::sleep(pause);
            child.kill().unwrap();
            child.wait().unwrap();
            match migrations::check_at(&url) {
                Ok(Fit::Fits) => break,
                Ok(Fit::Behind(missing)) => assert_eq!(missing.len(), known(), "{missing:?}"),
                Ok(Fit::Ahead(what)) => panic!("{what:?}"),
                Err(err) => assert!(format!("{err:?}").contains("there is no file"), "{err:?}"),
            }
        }
        assert!(run(home.path(), &database, &["user", "list"]).status.success());
    });
}
