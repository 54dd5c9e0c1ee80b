//! SQLite's write-ahead log, kept from staying as large as it once was.
//!
//! While somebody reads for long, such as an export, the log can only grow. Afterwards SQLite
//! writes over it from the beginning, but never gives any of it back by itself.
use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use diesel::connection::SimpleConnection;

use crate::{config::DatabaseUrl, db::Conn, error::Result};

/// How large the log may stay, in bytes: four times what SQLite takes into the file at once.
pub const LIMIT: u64 = 16 * 1024 * 1024;
/// How often to look, and to try.
const PAUSE: Duration = Duration::from_secs(1);
/// For how long those who read are waited for, and writers with them, in milliseconds.
const PATIENCE: u128 = 50;

/// The log of one file.
pub struct Log {
    path: PathBuf,
    /// For how long writers wait for other processes otherwise.
    busy: Duration,
    look_at: Instant,
}

impl Log {
    /// The log of the database at this URL, if it is SQLite's.
    pub fn of(url: &DatabaseUrl, busy: Duration) -> Option<Self> {
        let DatabaseUrl::Sqlite(path) = url else { return None };
        Some(Self { path: format!("{path}-wal").into(), busy, look_at: Instant::now() })
    }

    /// Empties the log where it is too large and nobody reads from it. Outside of transactions.
    pub fn tend(&mut self, conn: &mut Conn) -> Result<()> {
        if Instant::now() < self.look_at {
            return Ok(());
        }
        let size = fs::metadata(&self.path).map_or(0, |log| log.len());
        if size > LIMIT {
            let emptied = empty(conn);
            if let Conn::Sqlite(conn) = conn {
                let busy = self.busy.as_millis();
                conn.batch_execute(&format!("pragma busy_timeout = {busy};"))?;
            }
            emptied?;
        }
        self.look_at = Instant::now() + PAUSE;
        Ok(())
    }
}

/// Takes the log into the file and empties it, unless somebody reads from it. Outside of
/// transactions. On PostgreSQL there is nothing to do.
pub fn empty(conn: &mut Conn) -> Result<()> {
    if let Conn::Sqlite(conn) = conn {
        conn.batch_execute(&format!(
            "pragma busy_timeout = {PATIENCE}; pragma wal_checkpoint(truncate);"
        ))?;
    }
    Ok(())
}
