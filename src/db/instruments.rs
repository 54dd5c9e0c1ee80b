//! Instruments: what is noticed of the statements that every connection runs.
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use diesel::connection::{Connection, InstrumentationEvent};

use super::{Access, Conn};

/// Counted since the start, on all connections.
#[derive(Debug, Default)]
pub(super) struct Instruments {
    statements: AtomicU64,
    commits: AtomicU64,
    pub(super) writes: AtomicU64,
}

/// What the instruments show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Statements, those around transactions left out.
    pub statements: u64,
    /// Transactions that may have changed something and were committed.
    pub commits: u64,
    /// Writes that were acknowledged; several can share a commit.
    pub writes: u64,
}

impl Instruments {
    /// What they show now.
    pub fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            statements: read(&self.statements),
            commits: read(&self.commits),
            writes: read(&self.writes),
        }
    }

    /// Notices from now on what this connection does.
    pub fn watch(self: &Arc<Self>, conn: &mut Conn, access: Access) {
        let instruments = Arc::clone(self);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            instruments.notice(&event, access);
        });
    }

    fn notice(&self, event: &InstrumentationEvent<'_>, access: Access) {
        match event {
            InstrumentationEvent::StartQuery { .. } => {
                self.statements.fetch_add(1, Ordering::Relaxed);
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
