//! `broadsheet backup`: a copy of the SQLite file, while servers go on writing to it.
use std::{num::NonZeroUsize, path::PathBuf};

use clap::Args;

use crate::{
    config::{Config, DatabaseUrl},
    db::backups::{self, BackupKind},
    error::{Error, Result},
    time::{Clock, Instant},
    transfer::{backup, retention},
};

/// Where to.
#[derive(Args)]
pub struct BackupOptions {
    /// The file to write: a new one, which appears once it is complete and checked. With --keep,
    /// the folder to write into.
    #[arg(required_unless_present = "record")]
    path: Option<PathBuf>,
    /// Write into the folder PATH, under a name made of the present time, and remove the oldest of
    /// those that were written there so, until N are left.
    #[arg(long, value_name = "N", requires = "path")]
    keep: Option<NonZeroUsize>,
    /// Write nothing: note that another program, such as `pg_dump`, has made a backup just now.
    #[arg(long, conflicts_with_all = ["path", "keep"])]
    record: bool,
}

/// Makes the copy and says how large it is.
pub fn backup(config: &Config, options: &BackupOptions) -> Result<()> {
    let BackupOptions { path, keep, record: _ } = options;
    let (url, now) = (&config.database_url, Clock::system().now());
    match (path, keep) {
        (None, _) => {
            if !backups::record(url, BackupKind::Other, now)? {
                return Err(Error::internal(
                    "the database has no place to note it; `broadsheet migrate` makes one",
                ));
            }
            println!("noted");
        }
        (Some(file), None) => {
            let bytes = backup::backup(url, file)?;
            note(url, BackupKind::Copy, now);
            println!("{}: {bytes} bytes, checked", file.display());
        }
        (Some(folder), Some(keep)) => {
            let noted = || note(url, BackupKind::Copy, now);
            let added = retention::add(url, folder, *keep, now, noted)?;
            println!("{}: {} bytes, checked", added.path.display(), added.bytes);
            for old in added.removed {
                println!("removed {}", old.display());
            }
            for path in added.ahead {
                tracing::warn!("{} is named after a time to come, so it stays", path.display());
            }
        }
    }
    Ok(())
}

/// Notes in the database that it was backed up, for those who watch the servers. The backup is as
/// good where that fails.
pub fn note(url: &DatabaseUrl, kind: BackupKind, taken_at: Instant) {
    match backups::record(url, kind, taken_at) {
        Ok(true) => {}
        Ok(false) => tracing::info!("the database is of a version that does not note backups"),
        Err(err) => {
            let why = std::error::Error::source(&err)
                .map_or_else(|| err.to_string(), ToString::to_string);
            tracing::warn!("the backup is complete, but the database took no note of it: {why}");
        }
    }
}
