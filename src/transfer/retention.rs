//! A folder of backups, each named after the instant that it shows: a new one is added, and those
//! that are too many are removed.
//!
//! Only what this has written itself is ever removed: a file of exactly such a name, and only once
//! the new backup is checked and on the disk. Nor is a name believed that lies after the new one's:
//! it was given by a clock that was ahead, or this clock is behind, and in neither case is that
//! backup known to be an old one. It is left alone until its time has come.
use std::{
    fs::{self, File},
    io::ErrorKind,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use chrono::{DateTime, NaiveDateTime};

use super::{backup::backup, place::at};
use crate::{
    config::DatabaseUrl,
    error::{Error, Result},
    private,
    time::Instant,
};

/// How the names are made: in UTC, so that they sort as time passes, whatever the season.
const NAME: &str = "broadsheet-%Y%m%dT%H%M%SZ.db";
/// What is behind the name of a backup that is still being written.
const PARTIAL: &str = ".partial";

/// A backup that was added to its folder.
#[derive(Debug)]
pub struct Added {
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Those that were removed since they were too many.
    pub removed: Vec<PathBuf>,
    /// Those that are named after a time to come, and were left alone.
    pub ahead: Vec<PathBuf>,
}

/// Adds a backup to the folder, which is made where there is none, and calls `made` once it is
/// there. Then removes the oldest, so that `keep` remain with the new one.
pub fn add(
    url: &DatabaseUrl,
    folder: &Path,
    keep: NonZeroUsize,
    now: Instant,
    made: impl FnOnce(),
) -> Result<Added> {
    match private::create_folder(folder) {
        Err(err) if err.kind() != ErrorKind::AlreadyExists => return Err(at(folder, &err)),
        _ => {}
    }
    let name = name_of(now)?;
    let path = folder.join(&name);
    let bytes = backup(url, &path)?;
    made();
    clear_unfinished(folder)?;
    let (ahead, mut past): (Vec<_>, Vec<_>) =
        found(folder, "")?.into_iter().partition(|other| *other > name);
    // The newest first: the new one, since what is ahead of it is not among them.
    past.sort_unstable_by(|one, other| other.cmp(one));
    let removed = past.iter().skip(keep.get()).map(|old| folder.join(old)).collect::<Vec<_>>();
    for old in &removed {
        fs::remove_file(old).map_err(|err| at(old, &err))?;
    }
    let ahead = ahead.iter().map(|other| folder.join(other)).collect();
    Ok(Added { path, bytes, removed, ahead })
}

fn name_of(now: Instant) -> Result<String> {
    let now = DateTime::from_timestamp(now.seconds(), 0);
    let now = now.ok_or_else(|| Error::internal("the clock is out of range"))?;
    Ok(now.format(NAME).to_string())
}

/// Whether the name is one that this would give.
fn is_ours(name: &str) -> bool {
    NaiveDateTime::parse_from_str(name, NAME).is_ok_and(|at| at.format(NAME).to_string() == name)
}

/// The names of this module's own files in the folder, of those that end with this as well.
/// Whatever is no plain file is none of them, not even a link to one.
fn found(folder: &Path, end: &str) -> Result<Vec<String>> {
    let failed = |err| at(folder, &err);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let ours = name.strip_suffix(end).is_some_and(is_ours);
        if ours && entry.file_type().map_err(failed)?.is_file() {
            names.push(name);
        }
    }
    Ok(names)
}

/// Clears away what runs that were killed have left. A run that is still at it holds its lock.
fn clear_unfinished(folder: &Path) -> Result<()> {
    for name in found(folder, PARTIAL)? {
        let path = folder.join(name);
        let file = match File::options().write(true).open(&path) {
            Err(err) if err.kind() == ErrorKind::NotFound => continue,
            opened => opened.map_err(|err| at(&path, &err))?,
        };
        if file.try_lock().is_ok() {
            fs::remove_file(&path).map_err(|err| at(&path, &err))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_time_passes_and_no_others_are_taken_for_ours() {
        let names = ["2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z", "2026-11-25T03:15:07Z"]
            .map(|at| name_of(at.parse().unwrap()).unwrap());
        assert_eq!(names[2], "broadsheet-20261125T031507Z.db");
        assert!(names.is_sorted() && names.iter().all(|name| is_ours(name)));
        for other in [
            "broadsheet.db",
            "broadsheet-20261125T031507Z.db.partial",
            "broadsheet-20261125T031507Z.db-wal",
            "broadsheet-20261125T031507Z.sqlite",
            "broadsheet-20261125T31507Z.db",
            "broadsheet-20261325T031507Z.db",
            "broadsheet-20261125T031507.db",
            "broadsheet-before-the-upgrade.db",
            "old broadsheet-20261125T031507Z.db",
            "broadsheet-+2026125T031507Z.db",
        ] {
            assert!(!is_ours(other), "{other}");
        }
    }
}
