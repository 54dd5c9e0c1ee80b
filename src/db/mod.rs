//! The database room: SQLite or PostgreSQL by URL, one door for reading and one for writing.
pub mod any_of;
pub mod backups;
mod change;
pub mod clock;
pub mod dialect;
mod follower;
mod group;
pub mod imports;
mod instruments;
pub mod journal;
mod lanes;
pub mod migrations;
pub mod progress;
pub mod readers;
mod replica;
// In tests the lint does not speak up.
#[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "diesel's own form of tables"))]
pub mod schema;
mod slot;
pub mod snapshot;
mod source;
pub mod tables;
mod turn;
pub mod types;
mod upgrade;
pub mod uses;
mod watchdog;

use std::{
    future::{Ready, ready},
    ops::{Deref, DerefMut},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    thread::available_parallelism,
    time::{Duration, Instant as Monotonic},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use diesel::{QueryResult, Selectable};

use crate::{
    config::{Config, DatabaseUrl},
    error::{Error, Result},
    ids::{SessionId, UserId},
    private,
    time::Instant,
};
use change::Change;
use clock::TagClock;
use follower::Follower;
use group::Write;
pub use instruments::Counts;
use instruments::Instruments;
use journal::Entry;
pub use lanes::Load;
use lanes::{Lane, Waiting};
use replica::Replica;
use slot::Slot;
use snapshot::{Kept, Snapshot};
use source::{Access, Source};
use watchdog::Limits;

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
    readers: Lane<Read>,
    writers: Lane<Box<dyn Write>>,
    replica: Option<Replica>,
    prefers_replica: bool,
    /// For how long a job may take, the wait for its turn included.
    patience: Duration,
    instruments: Arc<Instruments>,
    known: Known,
    kept: Arc<Kept>,
}

/// What reads the database in a slot.
type Read = Box<dyn FnOnce(&mut Slot) + Send>;

/// What this server knows of the changes to the database.
#[derive(Clone)]
struct Known {
    clock: Arc<TagClock>,
    /// The last place in the journal that is known to be committed. Moves before the clock does.
    position: Arc<AtomicI64>,
    follower: Option<Follower>,
}

impl Db {
    /// Brings the schema up to date and starts the threads. Refuses a database that an import has
    /// not yet filled to its end.
    pub fn open(config: &Config) -> Result<Self> {
        migrations::run(&config.database_url)?;
        imports::refuse_unfinished(&config.database_url)?;
        if let DatabaseUrl::Sqlite(path) = &config.database_url {
            private::warn_if_open(Path::new(path));
        }
        Self::open_as_is(config)
    }

    /// The same for a database that is there and up to date already: a mistyped address makes none.
    pub fn open_existing(config: &Config) -> Result<Self> {
        migrations::check_at(&config.database_url)?.or_refused()?;
        imports::refuse_unfinished(&config.database_url)?;
        Self::open_as_is(config)
    }

    /// Starts the threads on a database whose schema is up to date already.
    pub fn open_as_is(config: &Config) -> Result<Self> {
        let instruments = Instruments::new(config.operations.slow_query);
        let source = Source::primary(config);
        let slot =
            |source: &Source, access| Slot::new(source.clone(), access, Arc::clone(&instruments));
        let cores = available_parallelism().map_or(2, usize::from);
        let job = source.timeout + turn::GRACE;
        let reading = Limits { job, abandoned: cores };
        let readers = Lane::start("reader", cores, reading, &slot(&source, Access::Read), read)
            .map_err(Error::internal)?;
        let (writing, abandoned) = match source.url {
            // A second writer would wait for the first, which holds the file's lock.
            DatabaseUrl::Sqlite(_) => (1, 0),
            DatabaseUrl::Postgres(_) => (config.database_connections, config.database_connections),
        };
        let limits = Limits { job, abandoned };
        let slot_to_write = slot(&source, Access::Write);
        let writers = Lane::start("writer", writing, limits, &slot_to_write, group::write)
            .map_err(Error::internal)?;
        let clock = Arc::new(TagClock::within(config.cache_max_bytes / clock::SHARE));
        let mut known = Known { clock, position: Arc::default(), follower: None };
        if config.cache || config.database_read_url.is_some() {
            known.follower = Some(Follower::start(&source, &known)?);
        }
        let replica = match source.replica(config) {
            None => None,
            Some(source) => {
                let slot = slot(&source, Access::Read);
                let lane = Lane::start("replica", cores, reading, &slot, read);
                Some(Replica::new(lane.map_err(Error::internal)?))
            }
        };
        Ok(Self {
            readers,
            writers,
            replica,
            prefers_replica: false,
            patience: source.timeout,
            instruments,
            known,
            kept: Arc::default(),
        })
    }

    /// A handle that reads from the replica, where there is one that knows all that this server
    /// knows; where not, from the primary.
    #[must_use]
    pub fn preferring_replica(&self) -> Self {
        Self { prefers_replica: true, ..self.clone() }
    }

    /// Tells what of the things that public answers are made of has changed. Trusted only where
    /// answers are to be cached.
    pub fn clock(&self) -> &Arc<TagClock> {
        &self.known.clock
    }

    /// Runs `work` on a reader, off the async threads: every statement in it sees one and the
    /// same state of the database. Where that state cannot be had, `work` may be run again.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Snapshot<'_>) -> Result<T> + Clone + Send + 'static,
    ) -> Result<T> {
        let kept = Arc::clone(&self.kept);
        let work = move |conn: &mut Conn| work.clone()(&mut Snapshot::new(conn, &kept));
        let deadline = Monotonic::now() + self.patience;
        if let Some(replica) = &self.replica
            && self.prefers_replica
        {
            let position = self.known.position.load(Ordering::Acquire);
            if let Some(done) = replica.read(position, deadline, work.clone()).await {
                return done;
            }
        }
        reading(&self.readers, deadline, move |slot| slot.insist(deadline, work)).await
    }

    /// Runs `work` on a writer inside one transaction, which an error rolls back. Returns only
    /// after the commit has reached the disk and the tag clock has moved on. Work that recorded
    /// nothing is refused, so that no change can be missing from the journal. What was undone for
    /// no fault of its own is done again. Where the database does not say in time whether it was
    /// committed, the error is [`Error::OutcomeUnknown`]; with any other error it was not, and will
    /// not be.
    pub async fn write<T: Send + 'static>(
        &self,
        by: impl Into<Context>,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T> + Clone + Send + 'static,
    ) -> Result<T> {
        let (turn, wait) = turn::turn(self.writers.name, Monotonic::now() + self.patience);
        self.writers.queue(Box::new(Change::new(self.known.clone(), by.into(), work, turn)))?;
        let done = wait.answer().await;
        if done.is_ok() {
            self.instruments.writes.fetch_add(1, Ordering::Relaxed);
        }
        done
    }

    /// The last place in the journal up to which this server has followed all changes; `None`
    /// where it need not follow any.
    pub fn followed(&self) -> Option<i64> {
        self.known.follower.as_ref().map(Follower::position)
    }

    /// Closes every connection; whichever is needed next is opened again. The writers come last,
    /// since SQLite tidies up when the last connection goes. One call at a time.
    pub async fn rest(&self) -> Result<()> {
        self.readers.rest().await?;
        if let Some(replica) = &self.replica {
            replica.rest().await?;
        }
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

    /// How busy those who work on the database are just now, by what they are for.
    pub fn loads(&self) -> Vec<(&'static str, Load)> {
        let lanes = [Some(&self.readers), self.replica.as_ref().map(Replica::lane)];
        let reading = lanes.into_iter().flatten().map(|lane| (lane.name, lane.load()));
        reading.chain([(self.writers.name, self.writers.load())]).collect()
    }
}

fn read(slot: &mut Slot, work: Read, _: &mut Waiting<Read>) {
    work(slot);
}

/// Has a thread of the lane do `work` in its slot.
async fn reading<T: Send + 'static>(
    lane: &Lane<Read>,
    deadline: Monotonic,
    work: impl FnOnce(&mut Slot) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (mut turn, wait) = turn::turn(lane.name, deadline);
    lane.queue(Box::new(move |slot: &mut Slot| {
        if turn.begin() {
            let done = turn.within(|| work(slot));
            turn.answer(done);
        }
    }))?;
    wait.answer().await
}

impl FromRequest for Db {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(req.app_data::<Self>().cloned().ok_or_else(|| Error::internal("no Db in app_data")))
    }
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
