//! What the program writes is for its owner alone, and it writes nothing that nobody asked for.
#![cfg(unix)]
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
};

use crate::process::{Process, program};

/// The program under a umask that keeps nobody out of anything.
fn carelessly(home: &Path, arguments: &[&str]) -> Command {
    let program = program(home, arguments);
    let mut command = Command::new("sh");
    command.args(["-c", "umask 0; exec \"$0\" \"$@\""]).arg(program.get_program()).args(arguments);
    command.current_dir(home).stdin(std::process::Stdio::null());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

fn run(mut command: Command) -> String {
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Every file and folder below, with its mode.
fn below(folder: &Path) -> Vec<(String, bool, u32)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        found.push((path.display().to_string(), path.is_dir(), mode(&path)));
        if path.is_dir() {
            found.extend(below(&path));
        }
    }
    found
}

#[test]
fn everything_that_is_written_is_for_its_owner_alone() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    run(carelessly(home, &["demo", "--fill-only"]));
    run(carelessly(home, &["export", "export"]));
    // What an interrupted run may have left.
    fs::write(home.join("copy.db.partial"), "half").unwrap();
    fs::set_permissions(home.join("copy.db.partial"), Permissions::from_mode(0o644)).unwrap();
    run(carelessly(home, &["backup", "copy.db"]));
    let server = Process::wait_for(carelessly(home, &["serve"]), home, &[]);
    let found = below(home);
    drop(server);
    for name in ["broadsheet.db", "broadsheet.db-wal", "broadsheet.db-shm", "broadsheet.db.secret"]
    {
        let path = home.join(name).display().to_string();
        assert!(found.iter().any(|(found, ..)| *found == path), "no {name} in {found:?}");
    }
    for (path, is_folder, mode) in found.iter().filter(|(path, ..)| !path.ends_with("/said")) {
        let right = if *is_folder { 0o700 } else { 0o600 };
        assert_eq!(*mode, right, "{path}: {mode:o}");
    }
}

#[test]
fn a_file_that_everybody_can_read_is_told_and_left() {
    let home = tempfile::tempdir().unwrap();
    run(program(home.path(), &["migrate"]));
    let file = home.path().join("broadsheet.db");
    for (given, told) in [(0o600, false), (0o640, false), (0o644, true)] {
        fs::set_permissions(&file, Permissions::from_mode(given)).unwrap();
        let server = Process::start(home.path(), &["serve"], &[]);
        let log: Vec<String> = server.log.try_iter().collect();
        let warns = |line: &String| line.contains("broadsheet.db can be read by everybody");
        assert_eq!(log.iter().any(warns), told, "{log:?}");
        assert_eq!(mode(&file), given);
    }
}

#[test]
fn only_what_needs_a_database_makes_one() {
    let home = tempfile::tempdir().unwrap();
    let commands: [&[&str]; 4] = [
        &["user", "list"],
        &["user", "password", "ewa@example.org"],
        &["user", "deactivate", "ewa@example.org"],
        &["migrate", "--check"],
    ];
    for command in commands {
        let done = program(home.path(), command).output().unwrap();
        let why = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(1), "{command:?}");
        assert!(why.contains("DATABASE_URL: there is no file broadsheet.db"), "{why}");
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_misspelt_setting_does_not_pass_in_silence() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".env");
    fs::write(&file, "# mine\nDATABSE_URL=sqlite:other.db\n").unwrap();
    for command in [["migrate", "--check"], ["user", "list"]] {
        let done = program(home.path(), &command).output().unwrap();
        let why = String::from_utf8(done.stderr).unwrap();
        let said = ".env: `DATABSE_URL` is no setting; did you mean DATABASE_URL?";
        assert!(done.status.code() == Some(1) && why.contains(said), "{why}");
    }
    fs::write(&file, "DATABASE_URL=sqlite:other.db\nOTEL_SERVICE_NAME=desk\n").unwrap();
    run(program(home.path(), &["migrate"]));
    assert!(home.path().join("other.db").exists());
    let mut command = program(home.path(), &["migrate"]);
    let done = command.env("FOUR_EYE", "true").output().unwrap();
    let said = "FOUR_EYE in the environment is no setting; did you mean FOUR_EYES?";
    let why = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success() && why.contains(said), "{why}");
}
