//! Backups: a copy of the SQLite file as it is at one instant, while servers go on writing to it.
//!
//! `vacuum into` reads in one transaction, which holds back no writer, and needs no second binding
//! to SQLite. The backup API would start anew with every change that another process makes, or
//! hold on to one state just like this; and its copy would keep the pages that are free.
use std::{
    fs::{self, File, TryLockError},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use super::place::{Partial, at, must_be_free, partial};
use crate::{
    config::DatabaseUrl,
    db::{
        dialect::{
            copy,
            long::{self, For},
        },
        migrations,
        progress::{every, telling},
    },
    error::{Error, Result},
    private,
};

/// How often what is written is sent to the disk: little by little, since whoever commits
/// meanwhile waits for the same disk.
const SYNCED: Duration = Duration::from_millis(10);

/// Writes a copy to a new file, which appears once it is complete, on the disk, and checked;
/// returns how many bytes it has.
pub fn backup(url: &DatabaseUrl, path: &Path) -> Result<u64> {
    let DatabaseUrl::Sqlite(source) = url else {
        return Err(Error::internal(
            "`broadsheet backup` copies a SQLite file; of PostgreSQL, `pg_dump` makes a backup \
             (`broadsheet backup --record` then notes that it was made), and `broadsheet export` \
             a copy that any Broadsheet can take in",
        ));
    };
    must_be_free(path)?;
    let mut conn = long::connect_to_existing(url, For::Writing)?;
    long::transaction(&mut conn, For::Reading, migrations::check)?.unless_ahead()?;

    let at_first = partial(path);
    let file = claim(&at_first)?;
    let partial = Partial::new(at_first)?;
    let failed = |err| at(partial.path(), &err);
    let checking = AtomicBool::new(false);
    let line = || {
        if checking.load(Ordering::Relaxed) {
            return "checking the copy".to_owned();
        }
        let done = file.metadata().map_or(0, |of| of.len());
        let whole = fs::metadata(source).map_or(0, |of| of.len());
        format!("copied {} of {} MB", done / 1_000_000, whole / 1_000_000)
    };
    telling(line, || {
        // What cannot be synced now is synced, or refused, at the end.
        every(SYNCED, || drop(file.sync_data()), || copy::vacuum_into(&mut conn, partial.path()))?;
        checking.store(true, Ordering::Relaxed);
        copy::check(partial.path())
    })?;
    file.sync_all().map_err(failed)?;
    partial.settle(path)?;
    file.metadata().map(|of| of.len()).map_err(|err| at(path, &err))
}

/// Makes the file empty, whatever an interrupted run has left, and keeps others off it.
fn claim(partial: &Path) -> Result<File> {
    let failed = |err| at(partial, &err);
    let mut options = private::options();
    let file = options.create(true).truncate(false).write(true).open(partial).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let path = partial.display();
            return Err(Error::internal(format!("another backup is being written to {path}")));
        }
        Err(TryLockError::Error(err)) => return Err(failed(err)),
    }
    private::restrict(&file).map_err(failed)?;
    file.set_len(0).map_err(failed)?;
    Ok(file)
}
