//! Starts the built program in a folder of its own, on a free port of this machine.
use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    mem,
    net::TcpListener,
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
};

use broadsheet::config;
use tempfile::TempDir;

use crate::engines::{Database, Engine};

/// The program with these arguments in this folder, and without this machine's settings.
pub fn program(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_broadsheet"));
    command.args(arguments).current_dir(home).stdin(Stdio::null());
    for name in config::NAMES {
        command.env_remove(name);
    }
    command
}

/// A running `broadsheet demo`; ended when dropped.
pub struct Server {
    pub origin: String,
    pub home: TempDir,
    /// What it logs, line by line, until it has ended.
    pub log: Receiver<String>,
    child: Child,
    // Last, so that it goes when nothing uses it any more.
    _database: Option<Database>,
}

impl Server {
    /// Fills the demo newsroom, on SQLite into `broadsheet.db`, and serves it.
    pub fn demo(engine: Engine) -> Self {
        let home = tempfile::tempdir().unwrap();
        let database = (engine == Engine::Postgres).then(|| engine.database());
        Self::start(home, database, &[])
    }

    /// The same on SQLite, with these settings.
    pub fn demo_with(settings: &[(&str, &str)]) -> Self {
        Self::start(tempfile::tempdir().unwrap(), None, settings)
    }

    /// The same on this database.
    pub fn demo_at(database: Database, settings: &[(&str, &str)]) -> Self {
        Self::start(tempfile::tempdir().unwrap(), Some(database), settings)
    }

    /// The same in this folder, with whatever is there already.
    pub fn demo_in(home: TempDir) -> Self {
        Self::start(home, None, &[])
    }

    /// Ends it and hands over what it leaves behind.
    pub fn leave(mut self) -> TempDir {
        self.end();
        mem::replace(&mut self.home, tempfile::tempdir().unwrap())
    }

    fn start(home: TempDir, database: Option<Database>, settings: &[(&str, &str)]) -> Self {
        let address = free_address();
        let mut command = program(home.path(), &["demo"]);
        command.env("BIND_ADDR", &address);
        if let Some(database) = &database {
            command.env("DATABASE_URL", &database.url);
            command.env("JWT_SECRET", "a secret for tests, long enough to sign");
        }
        command.envs(settings.iter().copied());
        let said = File::create(home.path().join("said")).unwrap();
        let mut child = command.stdout(said).stderr(Stdio::piped()).spawn().unwrap();
        let log = log_once_it_serves(child.stderr.take().unwrap());
        Self { origin: format!("http://{address}"), home, log, child, _database: database }
    }

    /// What came back for these arguments of `curl`, and its status.
    pub fn call(&self, path: &str, arguments: &[&str]) -> (u16, String) {
        let done = Command::new("curl")
            .args(["-sS", "-w", "\n%{http_code}"])
            .args(arguments)
            .arg(format!("{}{path}", self.origin))
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let said = String::from_utf8(done.stdout).unwrap();
        let (body, status) = said.rsplit_once('\n').unwrap();
        (status.parse().unwrap(), body.to_owned())
    }

    /// What it has printed.
    pub fn said(&self) -> String {
        fs::read_to_string(self.home.path().join("said")).unwrap()
    }

    /// Ends it; its log is complete after that.
    pub fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Another program could take the port in between, but none does in practice.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

fn log_once_it_serves(log: ChildStderr) -> Receiver<String> {
    let mut lines = BufReader::new(log).lines().map(Result::unwrap);
    let (said, heard) = channel();
    for line in lines.by_ref() {
        let serves = line.contains("serving http");
        said.send(line).unwrap();
        if serves {
            // Read on, or the program would one day wait for us.
            thread::spawn(move || lines.for_each(|line| drop(said.send(line))));
            return heard;
        }
    }
    panic!("the program ended: {}", heard.try_iter().collect::<Vec<_>>().join("\n"));
}
