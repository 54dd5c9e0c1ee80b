//! Instruments: what is noticed of the statements that every connection runs.
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use diesel::connection::{Connection, DebugQuery, InstrumentationEvent};

use super::{Access, Conn};
use crate::error::request_id;

/// Counted since the start, on all connections.
#[derive(Debug)]
pub(super) struct Instruments {
    /// How long a statement may take without being named in the log.
    slow_from: Option<Duration>,
    statements: AtomicU64,
    slow: AtomicU64,
    commits: AtomicU64,
    pub(super) writes: AtomicU64,
}

/// What the instruments show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Statements, those around transactions left out.
    pub statements: u64,
    /// Statements that took longer than `SLOW_QUERY_MS`.
    pub slow: u64,
    /// Transactions that may have changed something and were committed.
    pub commits: u64,
    /// Writes that were acknowledged; several can share a commit.
    pub writes: u64,
}

impl Instruments {
    /// At zero.
    pub fn new(slow_from: Option<Duration>) -> Arc<Self> {
        let (statements, slow, commits, writes) = Default::default();
        Arc::new(Self { slow_from, statements, slow, commits, writes })
    }

    /// What they show now.
    pub fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            statements: read(&self.statements),
            slow: read(&self.slow),
            commits: read(&self.commits),
            writes: read(&self.writes),
        }
    }

    /// Notices from now on what this connection does.
    pub fn watch(self: &Arc<Self>, conn: &mut Conn, access: Access) {
        let instruments = Arc::clone(self);
        let mut begun = None;
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            instruments.notice(&event, access, &mut begun);
        });
    }

    fn notice(
        &self,
        event: &InstrumentationEvent<'_>,
        access: Access,
        begun: &mut Option<Instant>,
    ) {
        match event {
            InstrumentationEvent::StartQuery { .. } => {
                self.statements.fetch_add(1, Ordering::Relaxed);
                *begun = self.slow_from.map(|_| Instant::now());
            }
            InstrumentationEvent::FinishQuery { query, .. } => {
                let took = begun.take().map(|begun| begun.elapsed());
                if let Some(took) = took.filter(|took| Some(*took) >= self.slow_from) {
                    self.slow.fetch_add(1, Ordering::Relaxed);
                    name_slow(*query, took);
                }
            }
            // Each of these is about to be started as a query, too.
            InstrumentationEvent::BeginTransaction { .. }
            | InstrumentationEvent::RollbackTransaction { .. } => {
                self.statements.fetch_sub(1, Ordering::Relaxed);
            }
            InstrumentationEvent::CommitTransaction { depth, .. } => {
                self.statements.fetch_sub(1, Ordering::Relaxed);
                if access == Access::Write && depth.get() == 1 {
                    self.commits.fetch_add(1, Ordering::Relaxed);
                }
            }
            _ => {}
        }
    }
}

/// The statement as it stands in the code: the values that it was run with stay out of the log.
fn name_slow(query: &dyn DebugQuery, took: Duration) {
    let shown = query.to_string();
    let sql = shown.split(" -- binds: ").next().unwrap_or_default();
    let (request_id, duration_ms) = (request_id(), took.as_secs_f64() * 1000.0);
    tracing::warn!(request_id, duration_ms, sql, "slow statement");
}
