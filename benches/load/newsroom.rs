//! The databases that are measured: filled once, kept where that is wanted.
#![expect(clippy::disallowed_methods, reason = "the load prepares the server itself")]
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use actix_web::rt::System;
use broadsheet::{
    app::State,
    cli::demo,
    config::{Config, DatabaseUrl},
    time::Clock,
};
use diesel::{Connection, PgConnection, RunQueryDsl};
use tempfile::TempDir;

use super::Options;

/// What signs tokens, so that two servers accept each other's.
pub const SECRET: &str = "a secret for the load, long enough to sign";

/// A filled newsroom.
pub struct Newsroom {
    pub articles: u64,
    pub url: String,
    /// How long it took to fill; `None` where it was there already.
    pub filled_in: Option<Duration>,
    /// Where its file is, on SQLite.
    pub file: Option<PathBuf>,
    _home: Option<TempDir>,
}

impl Newsroom {
    /// Fills a newsroom of this size, unless it was kept.
    pub fn open(articles: u64, options: &Options) -> Self {
        let (url, file, home) = match (&options.postgres, &options.keep) {
            (Some(server), _) => (schema(server, articles), None, None),
            (None, Some(folder)) => {
                fs::create_dir_all(folder).unwrap();
                let file = folder.join(format!("news-{articles}.db"));
                (format!("sqlite:{}", file.display()), Some(file), None)
            }
            (None, None) => {
                let home = tempfile::tempdir().unwrap();
                let file = home.path().join("news.db");
                (format!("sqlite:{}", file.display()), Some(file), Some(home))
            }
        };
        let mut newsroom = Self { articles, url, filled_in: None, file, _home: home };
        newsroom.filled_in = newsroom.fill();
        newsroom
    }

    /// Whether several servers can share it.
    pub fn is_shared(&self) -> bool {
        self.file.is_none()
    }

    fn fill(&self) -> Option<Duration> {
        // A file that is half filled does not get its name.
        let half = self.file.as_ref().map(|file| file.with_extension("half"));
        if self.file.as_ref().is_some_and(|file| file.exists()) {
            return None;
        }
        let url = match &half {
            Some(half) => {
                tidy(half);
                format!("sqlite:{}", half.display())
            }
            None => self.url.clone(),
        };
        let config = Config::read(|name| match name {
            "DATABASE_URL" => Some(url.clone()),
            "JWT_SECRET" => Some(SECRET.to_owned()),
            "CACHE" => Some("off".to_owned()),
            _ => None,
        });
        let config = config.expect("the settings are valid");
        let taken = System::new().block_on(fill(config, self.articles));
        if let (Some(half), Some(file)) = (&half, &self.file) {
            fs::rename(half, file).unwrap();
            tidy(half);
        }
        taken
    }
}

async fn fill(config: Config, articles: u64) -> Option<Duration> {
    let url = config.database_url.clone();
    let state = State::open(config, Clock::system()).unwrap();
    if !demo::fill(&state).await.unwrap() {
        return None;
    }
    let started = Instant::now();
    demo::generate(&state, articles, |line| eprintln!("{line}")).await.unwrap();
    let taken = started.elapsed();
    state.db.rest().await.unwrap();
    if let DatabaseUrl::Postgres(url) = url {
        // What autovacuum does before long; plans need to know how much there is.
        let mut conn = PgConnection::establish(url.reveal()).unwrap();
        diesel::sql_query("vacuum analyze").execute(&mut conn).unwrap();
    }
    Some(taken)
}

/// The address of a schema of its own, which is made where it is missing.
fn schema(server: &str, articles: u64) -> String {
    let schema = format!("load_{articles}");
    let mut conn = PgConnection::establish(server).expect("the server is up");
    diesel::sql_query(format!("create schema if not exists {schema}")).execute(&mut conn).unwrap();
    let joint = if server.contains('?') { '&' } else { '?' };
    format!("{server}{joint}options=-csearch_path%3D{schema}")
}

/// Clears away what an interrupted run has left.
fn tidy(file: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{ending}", file.display()));
    }
}
