//! A database for each test: a SQLite file, or a schema of a PostgreSQL server.
#![expect(clippy::disallowed_methods, reason = "tests prepare the server itself")]
use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::LazyLock,
};

use diesel::{Connection, PgConnection, RunQueryDsl};
use tempfile::TempDir;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A database of the test's own, gone when dropped.
pub struct Database {
    pub url: String,
    _file: Option<TempDir>,
    /// Where its tables are, on PostgreSQL.
    pub schema: Option<String>,
}

impl Engine {
    /// Whether a PostgreSQL server can be reached or started. Under `CI=true` it must.
    pub fn postgres_is_here() -> bool {
        SERVER.is_some()
    }

    /// A database of the test's own.
    pub fn database(self) -> Database {
        match self {
            Self::Sqlite => {
                let home = tempfile::tempdir().unwrap();
                let url = format!("sqlite:{}", home.path().join("news.db").display());
                Database { url, _file: Some(home), schema: None }
            }
            Self::Postgres => {
                let server = SERVER.as_ref().expect("asked whether it is here");
                let schema = format!("t_{}", Uuid::now_v7().simple());
                on_postgres(&format!("create schema {schema}"));
                let joint = if server.url.contains('?') { '&' } else { '?' };
                let url = format!("{}{joint}options=-csearch_path%3D{schema}", server.url);
                Database { url, _file: None, schema: Some(schema) }
            }
        }
    }
}

impl Database {
    /// All of a cluster that nobody else uses.
    pub fn of(cluster: &Cluster) -> Self {
        Self { url: cluster.url.clone(), _file: None, schema: None }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Only a test on PostgreSQL has a schema, so nothing here starts a server.
        if let Some(schema) = &self.schema {
            on_postgres(&format!("drop schema {schema} cascade"));
        }
    }
}

/// Runs a statement on the PostgreSQL server itself.
pub fn on_postgres(statement: &str) {
    let server = SERVER.as_ref().expect("asked whether it is here");
    let mut conn = PgConnection::establish(&server.url).expect("the server is up");
    diesel::sql_query(statement).execute(&mut conn).unwrap();
}

struct Server {
    url: String,
    _cluster: Option<Cluster>,
}

static SERVER: LazyLock<Option<Server>> = LazyLock::new(|| {
    let server = match env::var("TEST_DATABASE_URL") {
        Ok(url) => Some(Server { url, _cluster: None }),
        Err(_) => Cluster::start()
            .map(|cluster| Server { url: cluster.url.clone(), _cluster: Some(cluster) }),
    };
    let ci = env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(server.is_some() || !ci, "CI needs PostgreSQL: install it or set TEST_DATABASE_URL");
    let engines = match &server {
        Some(Server { _cluster: None, .. }) => "SQLite, and PostgreSQL by TEST_DATABASE_URL",
        Some(_) => "SQLite, and PostgreSQL in a cluster of their own",
        None => "SQLite ALONE: no PostgreSQL found, the tests named postgres:: did NOTHING",
    };
    // Written past the test runner, which would keep it to itself.
    let _ = writeln!(io::stderr(), "engines: these tests run on {engines}");
    server
});

/// A PostgreSQL server made from the installed binaries, which lives as long as this process.
pub struct Cluster {
    pub url: String,
    home: PathBuf,
    /// How its programs are called.
    pg_ctl: String,
    /// Held by its standard input: when this process ends, however it ends, the keeper reads the
    /// end of the file and takes the cluster down.
    _keeper: Child,
}

impl Cluster {
    /// `None` where PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        let bin = binaries()?.display().to_string();
        let home = env::temp_dir().join(format!("broadsheet-test-{}", Uuid::now_v7().simple()));
        fs::create_dir(&home).unwrap();
        // PostgreSQL refuses to run as root.
        let root = fs::metadata("/proc/self").is_ok_and(|meta| owner(&meta) == 0);
        let prefix = if root { "runuser -u postgres -- " } else { "" };
        if root {
            run(Command::new("chown").arg("postgres").arg(&home));
        }
        let folder = home.display();
        let pg_ctl = format!("{prefix}'{bin}/pg_ctl' -D data -w -l server.log");
        let script = format!(
            "set -eu\n\
             cd '{folder}'\n\
             {prefix}'{bin}/initdb' -D data -U tests -A trust -E UTF8 --no-locale --no-sync >log 2>&1\n\
             {pg_ctl} start -o \"-c listen_addresses='' -c unix_socket_directories={folder} \
                -c fsync=off -c max_connections=400\" >>log 2>&1\n\
             echo ready\n\
             cat >/dev/null\n\
             {pg_ctl} -m immediate stop >>log 2>&1 || true\n\
             rm -rf '{folder}'\n",
        );
        let mut keeper = Command::new("setsid")
            .args(["sh", "-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = io::BufReader::new(keeper.stdout.take().unwrap());
        let said = io::BufRead::read_line(&mut out, &mut line);
        let log = || {
            ["log", "server.log"]
                .map(|name| fs::read_to_string(home.join(name)).unwrap_or_default())
                .concat()
        };
        assert!(said.is_ok() && line == "ready\n", "the cluster did not start: {}", log());
        let host = home.display().to_string().replace('/', "%2F");
        let url = format!("postgres://tests@{host}/postgres");
        Some(Self { url, home, pg_ctl, _keeper: keeper })
    }

    /// Stops it as a crash would: every connection breaks.
    pub fn stop(&self) {
        self.tell("-m immediate stop");
    }

    /// Starts it anew after it was stopped, with the content that it had.
    pub fn start_again(&self) {
        // With the options of its first start.
        self.tell("restart");
    }

    fn tell(&self, what: &str) {
        let script = format!("{} {what} >>log 2>&1", self.pg_ctl);
        run(Command::new("sh").args(["-c", &script]).current_dir(&self.home));
    }
}

#[cfg(unix)]
fn owner(meta: &fs::Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::uid(meta)
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

/// The folder of the newest installed PostgreSQL.
fn binaries() -> Option<PathBuf> {
    let mut homes: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .ok()
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .chain(env::var_os("PATH").iter().flat_map(env::split_paths))
        .filter(|bin: &PathBuf| ["initdb", "pg_ctl"].iter().all(|name| is_file(&bin.join(name))))
        .collect();
    homes.sort();
    homes.into_iter().next_back()
}

fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file())
}
