//! `broadsheet export`, `import` and `backup` at the command line: interrupted, and under load.
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use broadsheet::{
    db::{
        backups,
        dialect::long::{self, For},
    },
    time::Clock,
};
use diesel::{Connection, PgConnection, connection::SimpleConnection};
use serde_json::Value;

use crate::{
    engines::{Database, Engine, execute},
    process::program,
    server::{Server, post},
};

fn run(command: &mut Command) -> String {
    let done = command.output().unwrap();
    let why = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success(), "{why}");
    String::from_utf8(done.stdout).unwrap()
}

fn refused(command: &mut Command) -> String {
    let done = command.output().unwrap();
    assert_eq!(done.status.code(), Some(1), "{}", String::from_utf8_lossy(&done.stdout));
    String::from_utf8(done.stderr).unwrap()
}

fn filled(home: &Path) {
    run(&mut program(home, &["demo", "--articles", "60", "--fill-only"]));
}

#[test]
fn a_killed_import_goes_on_where_it_was() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    let exported = run(&mut program(home.path(), &["export", "export"]));
    goes_on_where_it_was(home.path(), Engine::Sqlite, &exported);
    if Engine::postgres_is_here() {
        goes_on_where_it_was(home.path(), Engine::Postgres, &exported);
    }
}

/// Killed again and again, each time later, until it gets to its end.
fn goes_on_where_it_was(home: &Path, engine: Engine, exported: &str) {
    let database = engine.database();
    let on_target = |arguments: &[&str]| {
        let mut command = program(home, arguments);
        command.env("DATABASE_URL", &database.url).env("JWT_SECRET", "x".repeat(32));
        command
    };
    let mut unfinished = 0;
    for pause in (1..).map(|step| Duration::from_millis(25 * step)) {
        let mut command = on_target(&["import", "export"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(pause);
        child.kill().unwrap();
        child.wait().unwrap();
        let users = on_target(&["user", "list"]).output().unwrap();
        if users.status.success() && !users.stdout.is_empty() {
            break;
        }
        if !users.status.success() {
            let why = String::from_utf8(users.stderr).unwrap();
            // While the export is checked, there is no database yet, or none with tables.
            let begun = !why.contains("there is no file") && !why.contains("the database lacks");
            let said = why.contains("has not been finished: it came as far as row");
            assert!(said || !begun, "{why}");
            unfinished += u32::from(begun);
        }
    }
    assert!(unfinished > 0, "it was never caught in the middle");
    let again = run(&mut on_target(&["export", &format!("again on {engine:?}")]));
    assert_eq!(again.split_once(": ").unwrap().1, exported.split_once(": ").unwrap().1);
    let files = |folder: &str| -> Value {
        let text = fs::read(home.join(folder).join("manifest.json")).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()["files"].clone()
    };
    assert_eq!(files("export"), files(&format!("again on {engine:?}")));
}

#[test]
fn what_is_there_is_not_overwritten_and_what_is_not_there_is_not_made() {
    let home = tempfile::tempdir().unwrap();
    for command in [["backup", "copy.db"], ["export", "export"]] {
        let why = refused(&mut program(home.path(), &command));
        assert!(why.contains("there is no file broadsheet.db"), "{why}");
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    run(&mut program(home.path(), &["migrate"]));
    fs::write(home.path().join("copy.db"), "mine").unwrap();
    let why = refused(&mut program(home.path(), &["backup", "copy.db"]));
    assert!(why.contains("copy.db is there already and is not overwritten"), "{why}");
    assert_eq!(fs::read(home.path().join("copy.db")).unwrap(), b"mine");
}

#[test]
fn postgres_is_backed_up_by_its_own_program() {
    if Engine::postgres_is_here() {
        let (home, database) = (tempfile::tempdir().unwrap(), Engine::Postgres.database());
        let mut command = program(home.path(), &["backup", "copy.db"]);
        command.env("DATABASE_URL", &database.url).env("JWT_SECRET", "x".repeat(32));
        let why = refused(&mut command);
        assert!(why.contains("pg_dump") && why.contains("broadsheet export"), "{why}");
        assert!(why.contains("broadsheet backup --record"), "{why}");
    }
}

#[test]
fn a_folder_of_backups_keeps_as_many_as_it_was_told() {
    let home = tempfile::tempdir().unwrap();
    run(&mut program(home.path(), &["migrate"]));
    let old = home.path().join("backups/broadsheet-20200101T000000Z.db");
    fs::create_dir(old.parent().unwrap()).unwrap();
    fs::write(&old, "old").unwrap();
    let said = run(&mut program(home.path(), &["backup", "--keep", "1", "backups"]));
    assert!(said.contains(" bytes, checked\nremoved backups/broadsheet-2020"), "{said}");
    assert!(!old.exists());
    assert_eq!(fs::read_dir(home.path().join("backups")).unwrap().count(), 1);
    for wrong in [
        &["backup"][..],
        &["backup", "--keep", "0", "backups"],
        &["backup", "--keep", "2"],
        &["backup", "--record", "copy.db"],
    ] {
        let done = program(home.path(), wrong).output().unwrap();
        assert_eq!(done.status.code(), Some(2), "{wrong:?}");
    }
}

/// Whether the database knows that it was backed up just now; it is made to forget that again.
fn is_noted(database: &Database) -> bool {
    let url = database.url.parse().unwrap();
    let mut conn = long::connect_to_existing(&url, For::Reading).unwrap();
    let now = Clock::system().now();
    let newest = backups::newest(&mut conn, now).unwrap();
    execute(&database.url, "delete from backups");
    newest.is_some_and(|at| (now.plus_seconds(-60)..=now).contains(&at))
}

#[test]
fn whoever_makes_a_backup_has_it_noted_in_the_database() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if engine == Engine::Postgres && !Engine::postgres_is_here() {
            continue;
        }
        let (home, database) = (tempfile::tempdir().unwrap(), engine.database());
        let on_it = |arguments: &[&str]| {
            let mut command = program(home.path(), arguments);
            command.env("DATABASE_URL", &database.url).env("JWT_SECRET", "x".repeat(32));
            command
        };
        run(&mut on_it(&["migrate"]));
        assert!(!is_noted(&database));
        run(&mut on_it(&["export", "export"]));
        assert!(is_noted(&database));
        run(&mut on_it(&["backup", "--record"]));
        run(&mut on_it(&["backup", "--record"]));
        assert!(is_noted(&database));
        if engine == Engine::Sqlite {
            run(&mut on_it(&["backup", "copy.db"]));
            assert!(is_noted(&database));
            run(&mut on_it(&["backup", "--keep", "1", "copies"]));
            assert!(is_noted(&database));
        }
        // Before an upgrade there is no place for it. The backup is made all the same.
        execute(&database.url, "drop table backups");
        execute(
            &database.url,
            "delete from __diesel_schema_migrations where version = '20261125000041'",
        );
        if engine == Engine::Sqlite {
            run(&mut on_it(&["backup", "before.db"]));
        }
        let why = refused(&mut on_it(&["backup", "--record"]));
        assert!(why.contains("broadsheet migrate"), "{why}");
    }
}

/// How many sections there are before a backup is made.
const BEFORE: u32 = 60;

#[test]
fn a_backup_under_load_holds_everything_acknowledged_before() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    // What an interrupted run may have left.
    fs::write(home.path().join("copy.db.partial"), "half").unwrap();
    let server = Server::demo_in(home);
    let who = r#"{"email": "editor@example.org", "password": "demo-newsroom"}"#;
    let answer = post(&server.origin, "/manage/v1/session", "", who);
    let token = serde_json::from_str::<Value>(&answer).unwrap()["access_token"].clone();
    let token = token.as_str().unwrap();

    let (made, slowest) = (Mutex::new(Vec::new()), Mutex::new(Duration::ZERO));
    let (number, done) = (AtomicU32::new(0), AtomicBool::new(false));
    let origin = server.origin.as_str();
    let write = || {
        while !done.load(Ordering::Relaxed) {
            let name = format!("Section {}", number.fetch_add(1, Ordering::Relaxed));
            let started = Instant::now();
            let body = format!(r#"{{"name": "{name}"}}"#);
            let answer = post(origin, "/manage/v1/sections", token, &body);
            let took = started.elapsed();
            made.lock().unwrap().push(answer);
            let mut slowest = slowest.lock().unwrap();
            *slowest = took.max(*slowest);
        }
    };
    let before = thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(write);
        }
        while made.lock().unwrap().len() < BEFORE as usize {
            thread::yield_now();
        }
        *slowest.lock().unwrap() = Duration::ZERO;
        let before = made.lock().unwrap().clone();
        let started = Instant::now();
        let said = program(server.home.path(), &["backup", "copy.db"]).output();
        println!("the backup took {:?}", started.elapsed());
        done.store(true, Ordering::Relaxed);
        let said = said.unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        before
    });
    println!("the slowest of the writes meanwhile took {:?}", slowest.lock().unwrap());
    let beside = fs::read_dir(server.home.path()).unwrap();
    let beside = beside.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let copies: Vec<String> = beside.filter(|name| name.starts_with("copy")).collect();
    assert_eq!(copies, ["copy.db"], "nothing is left beside it");

    let copy = format!("sqlite:{}", server.home.path().join("copy.db").display());
    let copy = Server::demo_with(&[("DATABASE_URL", &copy)]);
    assert!(copy.said().contains("there are users already"), "{}", copy.said());
    for answer in before {
        let id = serde_json::from_str::<Value>(&answer).unwrap()["id"].clone();
        let address = format!("{}/v1/sections/{}", copy.origin, id.as_str().unwrap());
        run(Command::new("curl").args(["-fsS", &address]));
    }
}

/// The program with no room for more than a few blocks in any file.
fn cramped(home: &Path, arguments: &[&str]) -> Command {
    let program = program(home, arguments);
    let mut command = Command::new("sh");
    // The signal that comes first is not the error that a full disk is.
    command.args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\""]);
    command.arg(program.get_program()).args(program.get_args()).current_dir(home);
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

fn names(home: &Path) -> Vec<String> {
    let entries = fs::read_dir(home).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_found_no_room_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    let before = names(home.path());
    for command in [["backup", "copy.db"], ["export", "export"]] {
        refused(&mut cramped(home.path(), &command));
        let left: Vec<String> = names(home.path())
            .into_iter()
            .filter(|name| !name.contains("broadsheet.db-"))
            .collect();
        assert_eq!(left, before, "after {command:?}");
    }
}

#[test]
fn an_export_that_is_told_to_end_leaves_nothing_behind() {
    if !Engine::postgres_is_here() {
        return;
    }
    let (home, database) = (tempfile::tempdir().unwrap(), Engine::Postgres.database());
    let on_it = |arguments: &[&str]| {
        let mut command = program(home.path(), arguments);
        command.env("DATABASE_URL", &database.url).env("JWT_SECRET", "x".repeat(32));
        command
    };
    run(&mut on_it(&["migrate"]));
    // It cannot go on from this table.
    let mut other = PgConnection::establish(&database.url).unwrap();
    other.batch_execute("begin; lock table articles in access exclusive mode").unwrap();
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let mut export = on_it(&["export", "export"]).stderr(Stdio::null()).spawn().unwrap();
        let started = Instant::now();
        while !home.path().join("export.partial/articles.ndjson").exists() {
            assert!(started.elapsed() < Duration::from_mins(1), "it does not begin");
            thread::sleep(Duration::from_millis(5));
        }
        let pid = export.id().to_string();
        assert!(
            Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap().success()
        );
        assert_eq!(export.wait().unwrap().code(), Some(code));
        assert_eq!(names(home.path()), <[String; 0]>::default());
    }
}
