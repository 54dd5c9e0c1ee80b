//! The database room: SQLite or PostgreSQL by URL, one door for reading and one for writing.
pub mod any_of;
pub mod clock;
pub mod dialect;
mod follower;
mod instruments;
pub mod journal;
mod lanes;
pub mod migrations;
pub mod readers;
// In tests the lint does not speak up.
#[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "diesel's own form of tables"))]
pub mod schema;
pub mod snapshot;
pub mod types;
pub mod uses;

use std::{
    future::{Ready, ready},
    ops::{Deref, DerefMut},
    sync::{Arc, atomic::Ordering},
    thread::available_parallelism,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use diesel::{QueryResult, Selectable};

use crate::{
    config::{Config, DatabaseUrl},
    error::{Error, Result},
    ids::{SessionId, UserId},
    time::Instant,
};
use clock::TagClock;
use follower::Follower;
pub use instruments::Counts;
use instruments::Instruments;
use journal::Entry;
use lanes::Lane;
pub use lanes::LaneLoad;
use snapshot::{Kept, Snapshot};

/// A connection to whichever database the URL names.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// PostgreSQL.
    Postgres(diesel::PgConnection),
    /// SQLite.
    Sqlite(diesel::SqliteConnection),
}

/// The columns of a selectable struct, fit for `returning` on either database.
pub fn columns<T: Selectable<MultiBackend>>() -> T::SelectExpression {
    T::construct_selection()
}

/// The handle every handler asks for. Cheap to clone.
///
/// Readers are as many threads as there are cores, each with a connection of its own. SQLite has
/// one writing thread, so writers queue for each other and never meet a lock; PostgreSQL has
/// several. Readers see one state of the database and never wait for writers.
#[derive(Clone)]
pub struct Db {
    readers: Lane,
    writers: Lane,
    instruments: Arc<Instruments>,
    clock: Arc<TagClock>,
    kept: Arc<Kept>,
    follower: Option<Follower>,
}

impl Db {
    /// Brings the schema up to date and starts the threads.
    pub fn open(config: &Config) -> Result<Self> {
        migrations::run(&config.database_url)?;
        Self::open_as_is(config)
    }

    /// Starts the threads on a database whose schema is up to date already.
    pub fn open_as_is(config: &Config) -> Result<Self> {
        let instruments = Instruments::new(config.operations.slow_query);
        let cores = available_parallelism().map_or(2, usize::from);
        let writers = match config.database_url {
            DatabaseUrl::Sqlite(_) => 1,
            DatabaseUrl::Postgres(_) => config.database_connections,
        };
        let lane = |name, threads, access| {
            Lane::start(name, threads, &config.database_url, access, &instruments)
                .map_err(Error::internal)
        };
        let readers = lane("reader", cores, Access::Read)?;
        let writers = lane("writer", writers, Access::Write)?;
        let clock = Arc::default();
        let following = || Follower::start(&config.database_url, &clock);
        let follower = config.cache.then(following).transpose()?;
        Ok(Self { readers, writers, instruments, clock, kept: Arc::default(), follower })
    }

    /// Tells what of the things that public answers are made of has changed. Trusted only where
    /// answers are to be cached.
    pub fn clock(&self) -> &Arc<TagClock> {
        &self.clock
    }

    /// Runs `work` on a reader, off the async threads: every statement in it sees one and the
    /// same state of the database.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Snapshot<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let kept = Arc::clone(&self.kept);
        self.readers
            .run(move |conn| dialect::reading(conn, |conn| work(&mut Snapshot::new(conn, &kept))))
            .await
    }

    /// Runs `work` on a writer inside one transaction, which an error rolls back. Returns only
    /// after the commit has reached the disk and the tag clock has moved on. Work that recorded
    /// nothing is refused, so that no change can be missing from the journal.
    pub async fn write<T: Send + 'static>(
        &self,
        by: impl Into<Context>,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let by = by.into();
        let db = self.clone();
        let done = self.writers.run(move |conn| db.commit(conn, by, work)).await;
        if done.is_ok() {
            self.instruments.writes.fetch_add(1, Ordering::Relaxed);
        }
        done
    }

    fn commit<T>(
        &self,
        conn: &mut Conn,
        by: Context,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        let (mut entries, mut places) = (Vec::new(), Vec::new());
        let done = dialect::writing(conn, |conn| {
            let mut tx = Tx { conn, by, entries: None };
            let done = work(&mut tx)?;
            entries = tx
                .entries
                .take()
                .ok_or_else(|| Error::internal("a write that recorded nothing in the journal"))?;
            places = journal::append(tx.conn, &tx.by, &entries)?;
            if let Some(follower) = &self.follower {
                follower.leave_out(&places);
            }
            Ok(done)
        });
        self.clock.move_on(entries.iter().flat_map(Entry::tags).cloned().collect());
        if let Some(follower) = &self.follower {
            match &done {
                Ok(_) => follower.done(&places),
                // A commit that failed may have come through all the same.
                Err(_) => follower.look_at(&places),
            }
        }
        done
    }

    /// The last place in the journal up to which this server has followed all changes; `None`
    /// where it need not follow any.
    pub fn followed(&self) -> Option<i64> {
        self.follower.as_ref().map(Follower::position)
    }

    /// Closes every connection; whichever is needed next is opened again. The writers come last,
    /// since SQLite tidies up when the last connection goes. One call at a time.
    pub async fn rest(&self) -> Result<()> {
        self.readers.rest().await?;
        self.writers.rest().await
    }

    /// How many statements were run since the start, those around transactions left out.
    pub fn statements(&self) -> u64 {
        self.counts().statements
    }

    /// What was done since the start.
    pub fn counts(&self) -> Counts {
        self.instruments.counts()
    }

    /// How busy those who work on the database are just now.
    pub fn loads(&self) -> [(&'static str, LaneLoad); 2] {
        [&self.readers, &self.writers].map(|lane| (lane.name, lane.load()))
    }
}

impl FromRequest for Db {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(req.app_data::<Self>().cloned().ok_or_else(|| Error::internal("no Db in app_data")))
    }
}

/// What a connection is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

/// Who writes, when, and in answer to what.
#[derive(Debug, Clone)]
pub struct Context {
    /// Who.
    pub actor: Actor,
    /// When: the one instant of the request.
    pub now: Instant,
    /// The request's id; empty on the command line.
    pub request_id: String,
}

/// Who can be behind a change.
#[derive(Debug, Clone)]
pub enum Actor {
    /// A user of the newsroom, by this session.
    User {
        /// Who.
        id: UserId,
        /// As whom, for people who read the journal.
        name: String,
        /// Signed in by.
        session: SessionId,
    },
    /// A reader.
    Guest,
    /// The program itself.
    System,
    /// Someone at the command line.
    Cli,
}

/// A running write transaction. Dereferences to its connection, so that queries take it.
pub struct Tx<'a> {
    conn: &'a mut Conn,
    /// Who writes, and when.
    pub by: Context,
    /// What is to be recorded; `None` until something was said about that.
    entries: Option<Vec<Entry>>,
}

impl Tx<'_> {
    /// Appends to the journal, in this very transaction: as its last act, since whoever appends
    /// holds back all others until the commit, so that no one reads past an entry to come.
    pub fn record(&mut self, entry: Entry) -> Result<()> {
        self.entries.get_or_insert_default().push(entry);
        Ok(())
    }

    /// For the few writes that change nothing a newsroom would look for in its journal.
    pub fn nothing_to_record(&mut self, _because: &'static str) {
        self.entries.get_or_insert_default();
    }

    /// Lets one transaction at a time past this point for this thing, until the commit. SQLite
    /// has one writer anyway.
    pub fn lock(&mut self, id: impl Into<uuid::Uuid>) -> Result<()> {
        dialect::lock(self.conn, id.into())
    }

    /// Holds back who locks one of these things, until the commit; others may share it.
    pub fn share(&mut self, ids: impl IntoIterator<Item = impl Into<uuid::Uuid>>) -> Result<()> {
        dialect::share(self.conn, ids.into_iter().map(Into::into))
    }

    /// The user who writes, where it is one.
    pub fn user(&self) -> Option<UserId> {
        match self.by.actor {
            Actor::User { id, .. } => Some(id),
            Actor::Guest | Actor::System | Actor::Cli => None,
        }
    }

    /// The present instant, as the whole request sees it.
    pub fn now(&self) -> Instant {
        self.by.now
    }
}

impl Deref for Tx<'_> {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        self.conn
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn
    }
}

/// Whether a conditional statement found its row.
pub fn found(changed: QueryResult<usize>) -> Result<()> {
    match changed? {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    }
}
