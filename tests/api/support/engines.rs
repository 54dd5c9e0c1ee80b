//! A database for each test: a SQLite file, or a schema of a PostgreSQL server.
#![expect(clippy::disallowed_methods, reason = "tests prepare the server itself")]
use std::{
    env,
    io::{self, Write},
    sync::LazyLock,
};

use diesel::{
    Connection, PgConnection, RunQueryDsl, SqliteConnection, connection::SimpleConnection,
};
use tempfile::TempDir;
use uuid::Uuid;

use super::cluster::Cluster;

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
        Self { url: cluster.url(), _file: None, schema: None }
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
    /// Where it is the tests' own: lives as long as this process.
    _cluster: Option<Cluster>,
}

static SERVER: LazyLock<Option<Server>> = LazyLock::new(|| {
    let server = match env::var("TEST_DATABASE_URL") {
        Ok(url) => Some(Server { url, _cluster: None }),
        Err(_) => Cluster::start("-c fsync=off -c max_connections=400")
            .map(|cluster| Server { url: cluster.url(), _cluster: Some(cluster) }),
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
