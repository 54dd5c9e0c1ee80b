//! The replica: a copy of the database that answers readers while it keeps up.
use std::{
    fmt::Display,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{Conn, Lane, Read, journal, reading};
use crate::error::Result;

/// For how long a reader waits for the replica to catch up, and how often it looks.
const WAIT: Duration = Duration::from_millis(50);
const LOOK: Duration = Duration::from_millis(5);
/// For how long the replica is left alone after it could not be reached, or lagged behind.
const REST: Duration = Duration::from_secs(1);

/// The replica, and whether it is of use just now.
#[derive(Clone)]
pub struct Replica {
    lane: Lane<Read>,
    rests_until: Arc<Mutex<Option<Instant>>>,
}

impl Replica {
    /// A replica whose readers are in this lane.
    pub fn new(lane: Lane<Read>) -> Self {
        Self { lane, rests_until: Arc::default() }
    }

    /// Runs `work` on a state that has everything up to this place in the journal; `None` where
    /// the replica cannot, so that somebody else has to.
    pub async fn read<T: Send + 'static>(
        &self,
        position: i64,
        deadline: Instant,
        work: impl FnMut(&mut Conn) -> Result<T> + Clone + Send + 'static,
    ) -> Option<Result<T>> {
        if self.rests() {
            return None;
        }
        let started = Instant::now();
        // Where it does not answer, there has to be time left for the primary.
        let deadline = started + deadline.saturating_duration_since(started) / 2;
        loop {
            let mut work = work.clone();
            let offered = reading(&self.lane, deadline, move |slot| {
                slot.transaction(deadline, |conn| {
                    let caught_up = journal::last(conn)? >= position;
                    caught_up.then(|| work(conn)).transpose()
                })
            });
            match offered.await {
                Ok(Some(done)) => return Some(Ok(done)),
                Ok(None) if started.elapsed() < WAIT => sleep(LOOK).await,
                Ok(None) => self.leave_alone(&"it lags behind"),
                Err(fault) if fault.is_fault() => self.leave_alone(&fault),
                Err(refused) => return Some(Err(refused)),
            }
            if self.rests() {
                return None;
            }
        }
    }

    fn rests(&self) -> bool {
        let until = *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn leave_alone(&self, why: &dyn Display) {
        tracing::warn!("the primary answers in place of the replica for a while: {why}");
        let until = Instant::now() + REST;
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    /// The threads that read from it.
    pub fn lane(&self) -> &Lane<Read> {
        &self.lane
    }

    /// Closes its connections.
    pub async fn rest(&self) -> Result<()> {
        self.lane.rest().await
    }
}
