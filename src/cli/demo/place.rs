//! Where the demo newsroom is filled: a new SQLite file appears whole, or not at all.
use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{fill, newsroom::Newsroom, press};
use crate::{
    app::State,
    config::{Config, DatabaseUrl},
    error::{Error, Result},
    time::Clock,
};

/// The database, as people would call it.
pub fn name(config: &Config) -> String {
    match &config.database_url {
        DatabaseUrl::Sqlite(path) => path.clone(),
        DatabaseUrl::Postgres(_) => "the PostgreSQL database that DATABASE_URL names".to_owned(),
    }
}

/// Fills the newsroom, unless there are users already; returns whether it did.
pub async fn prepare(config: &Config, newsroom: &Newsroom, articles: u64) -> Result<bool> {
    match &config.database_url {
        DatabaseUrl::Sqlite(path) if !Path::new(path).exists() => {
            beside(config, Path::new(path), newsroom, articles).await.map(|()| true)
        }
        _ => in_place(config, newsroom, articles).await,
    }
}

async fn in_place(config: &Config, newsroom: &Newsroom, articles: u64) -> Result<bool> {
    let state = State::open(config.clone(), Clock::system())?;
    all(&state, newsroom, articles).await.map_err(|err| match err {
        Error::Internal(why) => Error::internal(format!(
            "{why}\nWhat was filled until then is still in {}. Empty it before you try again.",
            name(config)
        )),
        other => other,
    })
}

/// Fills a file in a folder of its own and moves it to its place once it is complete, so that
/// nobody meets half a newsroom, however this ends.
async fn beside(config: &Config, path: &Path, newsroom: &Newsroom, articles: u64) -> Result<()> {
    let workshop = PathBuf::from(format!("{}.filling", path.display()));
    tidy(&workshop)?;
    fs::create_dir(&workshop).map_err(|err| at(&workshop, &err))?;
    let filled = complete(config, &workshop, newsroom, articles).await;
    let moved = filled.and_then(|file| fs::rename(file, path).map_err(|err| at(path, &err)));
    moved.and(tidy(&workshop))
}

async fn complete(
    config: &Config,
    workshop: &Path,
    newsroom: &Newsroom,
    articles: u64,
) -> Result<PathBuf> {
    let file = workshop.join("newsroom.db");
    let database_url = DatabaseUrl::Sqlite(file.display().to_string());
    // Nobody reads here, and whoever followed the file's journal would keep it open.
    let config = Config { database_url, cache: false, ..config.clone() };
    let state = State::open(config, Clock::system())?;
    let filled = all(&state, newsroom, articles).await;
    // The last connection to close takes the write-ahead log into the file.
    state.db.rest().await?;
    filled.map(|_| file)
}

/// The newsroom that was written by hand, and as many generated articles as were asked for.
async fn all(state: &State, newsroom: &Newsroom, articles: u64) -> Result<bool> {
    let filled = fill::fill(state, newsroom, say).await?;
    if filled && articles > 0 {
        press::print(state, articles, say).await?;
    }
    Ok(filled)
}

/// Clears away what an interrupted run has left.
fn tidy(workshop: &Path) -> Result<()> {
    match fs::remove_dir_all(workshop) {
        Err(err) if err.kind() != io::ErrorKind::NotFound => Err(at(workshop, &err)),
        _ => Ok(()),
    }
}

fn at(path: &Path, err: &io::Error) -> Error {
    Error::internal(format!("{}: {err}", path.display()))
}

fn say(line: &str) {
    println!("  {line}");
}
