//! A demo newsroom that is served from a folder of its own.
use std::{fs, mem, process::Command};

use tempfile::TempDir;

use crate::{
    engines::{Database, Engine},
    process::Process,
};

/// A running `broadsheet demo`; ended when dropped.
pub struct Server {
    pub origin: String,
    pub process: Process,
    pub home: TempDir,
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
        self.process.kill();
        mem::replace(&mut self.home, tempfile::tempdir().unwrap())
    }

    fn start(home: TempDir, database: Option<Database>, settings: &[(&str, &str)]) -> Self {
        let mut settings = settings.to_vec();
        if let Some(database) = &database {
            settings.push(("DATABASE_URL", &database.url));
            settings.push(("JWT_SECRET", "a secret for tests, long enough to sign"));
        }
        let process = Process::start(home.path(), &["demo"], &settings);
        let origin = format!("http://{}", process.address);
        Self { origin, process, home, _database: database }
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
}

/// Sends JSON with a token; the body that comes back.
pub fn post(origin: &str, path: &str, token: &str, body: &str) -> String {
    let done = Command::new("curl")
        .args(["-fsS", "-H", "content-type: application/json", "-d", body])
        .args(["-H", &format!("authorization: Bearer {token}")])
        .arg(format!("{origin}{path}"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}
