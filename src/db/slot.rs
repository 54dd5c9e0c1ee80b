//! Slots: one connection each, opened when first needed and again after it broke.
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBuilder};
use diesel::connection::{Connection, TransactionManager};

use super::{
    Conn, dialect,
    instruments::Instruments,
    source::{Access, Source},
};
use crate::{
    config::DatabaseUrl,
    error::{Error, Result},
};

type Manager = <Conn as Connection>::TransactionManager;

/// How often a transaction that stood in another's way is tried again.
const TRIES: usize = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// One thread's connection.
pub struct Slot {
    source: Source,
    access: Access,
    instruments: Arc<Instruments>,
    conn: Option<Conn>,
}

impl Slot {
    /// A slot without a connection as yet.
    pub fn new(source: Source, access: Access, instruments: Arc<Instruments>) -> Self {
        Self { source, access, instruments, conn: None }
    }

    /// Another for the same purpose.
    pub fn another(&self) -> Self {
        Self::new(self.source.clone(), self.access, Arc::clone(&self.instruments))
    }

    /// Whether transactions cost a sync each, one after the other, so that sharing one pays.
    pub fn shares_commits(&self) -> bool {
        matches!(self.source.url, DatabaseUrl::Sqlite(_))
    }

    /// Closes the connection; the next transaction opens one again.
    pub fn close(&mut self) {
        self.conn = None;
    }

    /// Runs `work` in transactions until one of them is not in another's way.
    pub fn insist<T>(&mut self, mut work: impl FnMut(&mut Conn) -> Result<T>) -> Result<T> {
        let mut pauses = ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .with_max_times(TRIES)
            .with_jitter()
            .build();
        loop {
            match self.transaction(&mut work) {
                Err(Error::Contended(why)) => match pauses.next() {
                    Some(pause) => std::thread::sleep(pause),
                    None => return Err(Error::Contended(why)),
                },
                done => return done,
            }
        }
    }

    /// Runs `work` in one transaction, which an error undoes.
    pub fn transaction<T>(&mut self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let mut conn = self.begin()?;
        let worked = catch_unwind(AssertUnwindSafe(|| work(&mut conn)))
            .unwrap_or_else(|_| Err(Error::internal("a database job panicked")));
        let (done, sound) = match worked {
            Ok(done) => match Manager::commit_transaction(&mut conn) {
                Ok(()) => (Ok(done), true),
                Err(refused) => (Err(refused.into()), false),
            },
            // After a fault of the database or of ours the connection's state is anyone's guess.
            Err(fault @ (Error::Internal(_) | Error::Unavailable(_))) => (Err(fault), false),
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
    fn begin(&mut self) -> Result<Conn> {
        let limit = self.source.timeout;
        if let Some(mut kept) = self.conn.take()
            && dialect::begin(&mut kept, self.access, limit).is_ok()
        {
            return Ok(kept);
        }
        let mut conn = self.connect()?;
        dialect::begin(&mut conn, self.access, limit)?;
        Ok(conn)
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
