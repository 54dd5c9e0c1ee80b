//! Slots: one connection each, opened when first needed and again after it broke.
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use backon::{BackoffBuilder, ExponentialBuilder};
use diesel::connection::{Connection, TransactionManager};

use super::{
    Conn,
    dialect::{self, wal::Log},
    instruments::Instruments,
    source::{Access, Source},
};
use crate::{
    config::DatabaseUrl,
    error::{Error, Result, commit_failed},
};

type Manager = <Conn as Connection>::TransactionManager;

/// How often a transaction that stood in another's way is tried again.
const TRIES: usize = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(5);
/// The least that a statement is given: for PostgreSQL nothing at all means for ever.
const SHORTEST: Duration = Duration::from_millis(1);

/// One thread's connection.
pub struct Slot {
    source: Source,
    access: Access,
    instruments: Arc<Instruments>,
    conn: Option<Conn>,
    /// SQLite's, in a slot that writes.
    log: Option<Log>,
}

impl Slot {
    /// A slot without a connection as yet.
    pub fn new(source: Source, access: Access, instruments: Arc<Instruments>) -> Self {
        let log = Log::of(&source.url, source.busy()).filter(|_| access == Access::Write);
        Self { source, access, instruments, conn: None, log }
    }

    /// Another for the same purpose.
    pub fn another(&self) -> Self {
        Self::new(self.source.clone(), self.access, Arc::clone(&self.instruments))
    }

    /// Whether transactions cost a sync each, one after the other, so that sharing one pays.
    pub fn shares_commits(&self) -> bool {
        matches!(self.source.url, DatabaseUrl::Sqlite(_))
    }

    /// Does for SQLite's log what is to be done between transactions.
    pub fn tend_log(&mut self) {
        if let (Some(conn), Some(log)) = (&mut self.conn, &mut self.log)
            && let Err(err) = log.tend(conn)
        {
            tracing::warn!("cannot empty the write-ahead log: {}", err.why());
        }
    }

    /// Closes the connection; the next transaction opens one again.
    pub fn close(&mut self) {
        self.conn = None;
    }

    /// Runs `work` in transactions until one of them is not in another's way, or it is late. One
    /// that waited for a lock all the while does not count: that says nothing about the next.
    pub fn insist<T>(
        &mut self,
        deadline: Instant,
        mut work: impl FnMut(&mut Conn) -> Result<T>,
    ) -> Result<T> {
        let backoff = ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .with_max_times(TRIES)
            .with_jitter();
        let mut pauses = backoff.build();
        loop {
            let started = Instant::now();
            let refused = match self.transaction(deadline, &mut work) {
                Err(refused) if self.passes(&refused) => refused,
                done => return done,
            };
            if started.elapsed() >= dialect::LOCK_TIMEOUT {
                pauses = backoff.build();
            }
            match pauses.next().filter(|pause| Instant::now() + *pause < deadline) {
                Some(pause) => std::thread::sleep(pause),
                None => return Err(refused),
            }
        }
    }

    /// Whether the same can go well the next time. Of PostgreSQL's refusals a deadlock is one
    /// that diesel does not tell from the others; all of them have undone everything.
    fn passes(&self, refused: &Error) -> bool {
        match refused {
            Error::Contended(_) => true,
            Error::Unrecognised(_) => matches!(self.source.url, DatabaseUrl::Postgres(_)),
            _ => false,
        }
    }

    /// Runs `work` in one transaction, which an error undoes.
    pub fn transaction<T>(
        &mut self,
        deadline: Instant,
        work: impl FnOnce(&mut Conn) -> Result<T>,
    ) -> Result<T> {
        let mut conn = self.begin(deadline)?;
        let worked = catch_unwind(AssertUnwindSafe(|| work(&mut conn)))
            .unwrap_or_else(|_| Err(Error::internal("a database job panicked")));
        let (done, sound) = match worked {
            Ok(done) => match Manager::commit_transaction(&mut conn) {
                Ok(()) => (Ok(done), true),
                Err(refused) => (Err(commit_failed(refused, self.access == Access::Write)), false),
            },
            // After a fault of the database or of ours the connection's state is anyone's guess.
            Err(fault) if fault.is_fault() && !matches!(fault, Error::Contended(_)) => {
                (Err(fault), false)
            }
            // Whether or not it can still be undone by word, it is when the connection goes.
            Err(refused) => (Err(refused), Manager::rollback_transaction(&mut conn).is_ok()),
        };
        if sound {
            self.conn = Some(conn);
        }
        done
    }

    /// A connection with a transaction begun. One that was kept may have died meanwhile, which
    /// says nothing about the database.
    fn begin(&mut self, deadline: Instant) -> Result<Conn> {
        let limit = deadline.saturating_duration_since(Instant::now()).max(SHORTEST);
        if let Some(mut kept) = self.conn.take()
            && dialect::begin(&mut kept, self.access, limit).is_ok()
        {
            return Ok(kept);
        }
        let mut conn = self.connect()?;
        dialect::begin(&mut conn, self.access, limit)?;
        Ok(conn)
    }

    /// Runs `work` outside of transactions on a new connection, which is kept.
    pub fn reconnect<T>(&mut self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        self.close();
        self.conn = Some(self.connect()?);
        self.again(work)
    }

    /// Runs `work` outside of transactions on the connection that was kept; an error closes it.
    pub fn again<T>(&mut self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let kept = self.conn.take();
        let mut conn = kept.ok_or_else(|| Error::Unavailable("the connection is gone".into()))?;
        let done = work(&mut conn)?;
        self.conn = Some(conn);
        Ok(done)
    }

    fn connect(&self) -> Result<Conn> {
        let mut conn = self.source.connect(self.access)?;
        self.instruments.watch(&mut conn, self.access);
        Ok(conn)
    }
}

/// Runs `work` inside the transaction that is running; an error undoes what it did and no more.
pub fn savepoint<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    Manager::begin_transaction(conn)?;
    match work(conn) {
        Ok(done) => {
            Manager::commit_transaction(conn)?;
            Ok(done)
        }
        // The database may have undone the whole transaction by itself.
        Err(fault) if fault.is_fault() => Err(fault),
        Err(refused) => {
            Manager::rollback_transaction(conn)?;
            Err(refused)
        }
    }
}
