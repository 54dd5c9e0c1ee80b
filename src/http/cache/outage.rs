//! Whether the database is away just now: asked when changes are not heard of any more, and kept
//! answers may be all that readers can get.
use std::time::Duration;

use tokio::{sync::Mutex, time::timeout};

use crate::{
    boot_time::BootTime,
    db::{Db, journal},
    error::Error,
};

/// How long the database may take to answer, and for how long what it did is taken to go on:
/// readers do not wait one after the other for a database that is frozen.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the last one who asked has found.
#[derive(Debug, Default)]
pub struct Outage(Mutex<Option<Found>>);

#[derive(Debug, Clone, Copy)]
struct Found {
    away: bool,
    at: BootTime,
}

impl Outage {
    /// Whether the database is away or does not answer. A database that answers with an error is
    /// there. One asks at a time, while the others wait for the answer.
    pub async fn is_on(&self, db: &Db) -> bool {
        let mut last = self.0.lock().await;
        if let Some(found) = *last
            && BootTime::now().since(found.at) < PATIENCE
        {
            return found.away;
        }
        let away = match timeout(PATIENCE, db.read(|conn| journal::last(conn))).await {
            Err(_) | Ok(Err(Error::Unavailable(_))) => true,
            Ok(Ok(_) | Err(_)) => false,
        };
        *last = Some(Found { away, at: BootTime::now() });
        away
    }

    /// Somebody has just met it.
    pub async fn begins(&self) {
        *self.0.lock().await = Some(Found { away: true, at: BootTime::now() });
    }
}
