//! A database for each test: a SQLite file, or a schema of a PostgreSQL server.
#![expect(clippy::disallowed_methods, reason = "tests prepare the server itself")]
use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::LazyLock,
};

use diesel::{
    Connection, PgConnection, RunQueryDsl, SqliteConnection, connection::SimpleConnection,
};
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

impl Drop for Database {
    fn drop(&mut self) {
        // Only a test on PostgreSQL has a schema, so nothing here starts a server.
        if let Some(schema) = &self.schema {
            on_postgres(&format!("drop schema {schema} cascade"));
        }
    }
}

/// Runs SQL in the database of this URL.
pub fn execute(url: &str, sql: &str) {
    match url.strip_prefix("sqlite:") {
        Some(path) => SqliteConnection::establish(path).unwrap().batch_execute(sql).unwrap(),
        None => PgConnection::establish(url).unwrap().batch_execute(sql).unwrap(),
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
    /// Holds the cluster's keeper by its standard input: when this process ends, however it
    /// ends, the keeper reads the end of the file and takes the cluster down.
    _keeper: Option<Child>,
}

static SERVER: LazyLock<Option<Server>> = LazyLock::new(|| {
    let server = match env::var("TEST_DATABASE_URL") {
        Ok(url) => Some(Server { url, _keeper: None }),
        Err(_) => throw_away_cluster(),
    };
    let ci = env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(server.is_some() || !ci, "CI needs PostgreSQL: install it or set TEST_DATABASE_URL");
    let engines = match &server {
        Some(Server { _keeper: None, .. }) => "SQLite, and PostgreSQL by TEST_DATABASE_URL",
        Some(_) => "SQLite, and PostgreSQL in a cluster of their own",
        None => "SQLite ALONE: no PostgreSQL found, the tests named postgres:: did NOTHING",
    };
    // Written past the test runner, which would keep it to itself.
    let _ = writeln!(io::stderr(), "engines: these tests run on {engines}");
    server
});

/// Starts a cluster that lives as long as this process, from the installed binaries.
fn throw_away_cluster() -> Option<Server> {
    let bin = binaries()?;
    let home = env::temp_dir().join(format!("broadsheet-test-{}", Uuid::now_v7().simple()));
    fs::create_dir(&home).unwrap();
    // PostgreSQL refuses to run as root.
    let root = fs::metadata("/proc/self").is_ok_and(|meta| owner(&meta) == 0);
    let prefix = if root { "runuser -u postgres --" } else { "" };
    if root {
        run(Command::new("chown").arg("postgres").arg(&home));
    }
    let script = format!(
        "set -eu\n\
         cd '{home}'\n\
         {prefix} '{bin}/initdb' -D data -U tests -A trust -E UTF8 --no-locale --no-sync >log 2>&1\n\
         {prefix} '{bin}/pg_ctl' -D data -w -l server.log start -o \"-c listen_addresses='' \
            -c unix_socket_directories={home} -c fsync=off -c max_connections=400\" >>log 2>&1\n\
         echo ready\n\
         cat >/dev/null\n\
         {prefix} '{bin}/pg_ctl' -D data -m immediate stop >>log 2>&1\n\
         rm -rf '{home}'\n",
        home = home.display(),
        bin = bin.display(),
    );
    let mut keeper = Command::new("setsid")
        .args(["sh", "-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let said =
        io::BufRead::read_line(&mut io::BufReader::new(keeper.stdout.take().unwrap()), &mut line);
    let log = || {
        ["log", "server.log"]
            .map(|name| fs::read_to_string(home.join(name)).unwrap_or_default())
            .concat()
    };
    assert!(said.is_ok() && line == "ready\n", "the cluster did not start: {}", log());
    let host = home.display().to_string().replace('/', "%2F");
    Some(Server { url: format!("postgres://tests@{host}/postgres"), _keeper: Some(keeper) })
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
