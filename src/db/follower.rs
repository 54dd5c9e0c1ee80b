//! The follower: reads in the journal what others have changed, and moves the tag clock.
use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::{
    Conn, Known, dialect, journal,
    source::{Access, Source},
};
use crate::{
    error::{Error, Result},
    tags::Tag,
};

/// For how long after each look into the journal nothing can have been missed. Where it cannot be
/// read any more, answers from memory end with this.
const LEASE: Duration = Duration::from_secs(2);
/// How often the journal is read even when nobody calls, since a call can be lost.
const SWEEP: Duration = Duration::from_millis(250);
/// How often to listen whether somebody calls, where somebody can.
const LISTEN: Duration = Duration::from_millis(10);
/// How many entries are read at once.
const BATCH: i64 = 1000;

/// Keeps the tag clock right while others write to the same database. Ends with its last handle.
#[derive(Debug, Clone)]
pub(super) struct Follower {
    own: Own,
    position: Arc<AtomicI64>,
    _stop: Sender<Infallible>,
}

/// Places in the journal that this server wrote itself, and whose tags it moves itself: whether
/// it has done so.
#[derive(Debug, Clone, Default)]
struct Own(Arc<Mutex<HashMap<i64, bool>>>);

/// What to do about an entry of the journal.
enum Pass {
    /// Another server wrote it.
    Foreign,
    /// This server wrote it and has moved its tags.
    Moved,
    /// This server wrote it and is about to move its tags.
    Moving,
}

impl Own {
    fn with<T>(&self, look: impl FnOnce(&mut HashMap<i64, bool>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn pass(&self, place: i64) -> Pass {
        self.with(|own| match own.get(&place) {
            None => Pass::Foreign,
            Some(false) => Pass::Moving,
            Some(true) => {
                own.remove(&place);
                Pass::Moved
            }
        })
    }
}

impl Follower {
    /// Starts to follow: from now on the clock can be trusted.
    pub fn start(source: &Source, known: &Known) -> Result<Self> {
        let (stop, stopped) = bounded(0);
        let own = Own::default();
        let mut conn = source.connect(Access::Read)?;
        let asked = Instant::now();
        let last = journal::last(&mut conn)?;
        known.position.fetch_max(last, Ordering::AcqRel);
        known.clock.trust(asked, LEASE);
        let position = Arc::new(AtomicI64::new(last));
        let mut reader = Reader {
            source: source.clone(),
            position: Arc::clone(&position),
            known: known.clone(),
            own: own.clone(),
            stopped,
        };
        let begun: io::Result<_> =
            thread::Builder::new().name("follower".to_owned()).spawn(move || reader.follow(conn));
        begun.map_err(Error::internal)?;
        Ok(Self { own, position, _stop: stop })
    }

    /// The last entry of the journal whose tags have moved here.
    pub fn position(&self) -> i64 {
        self.position.load(Ordering::Acquire)
    }

    /// This server is about to commit these entries, and will move their tags itself.
    pub fn leave_out(&self, entries: &[i64]) {
        self.own.with(|own| own.extend(entries.iter().map(|entry| (*entry, false))));
    }

    /// They were committed, and their tags have moved.
    pub fn done(&self, entries: &[i64]) {
        self.own.with(|own| own.extend(entries.iter().map(|entry| (*entry, true))));
    }

    /// They may have been committed, or not.
    pub fn look_at(&self, entries: &[i64]) {
        self.own.with(|own| own.retain(|entry, _| !entries.contains(entry)));
    }
}

struct Reader {
    source: Source,
    /// The last entry whose tags have moved.
    position: Arc<AtomicI64>,
    known: Known,
    own: Own,
    stopped: Receiver<Infallible>,
}

/// Nobody needs the follower any more.
struct Stopped;

impl Reader {
    fn follow(&mut self, first: Conn) {
        let mut conn = Some(first);
        loop {
            let session = match conn.take() {
                Some(conn) => Ok(conn),
                None => self.connect_again(),
            };
            match session.and_then(|conn| self.session(conn)) {
                Ok(Stopped) => return,
                Err(err) => {
                    tracing::warn!("cannot follow the journal, so nothing is cached: {err}");
                }
            }
            if self.stopped(SWEEP) {
                return;
            }
        }
    }

    /// Follows on one connection until it breaks or nobody needs it any more.
    fn session(&mut self, mut conn: Conn) -> Result<Stopped> {
        // A pooler lends the connection to others, who would get the calls.
        if !self.source.pooler {
            dialect::listen(&mut conn)?;
        }
        loop {
            self.catch_up(&mut conn)?;
            if self.wait(&mut conn)? {
                return Ok(Stopped);
            }
        }
    }

    /// Connects anew, and trusts nothing that was known before: the database may be another now,
    /// put back from a copy or succeeded by a replica that lagged behind, and may have gone on.
    fn connect_again(&self) -> Result<Conn> {
        let mut conn = self.source.connect(Access::Read)?;
        let last = journal::last(&mut conn)?;
        if last < self.position.load(Ordering::Relaxed) {
            tracing::warn!("the journal ends earlier than before: changes have been lost");
            self.known.position.store(last, Ordering::Release);
            self.position.store(last, Ordering::Release);
        }
        // Somebody else may write at the places of what is lost.
        self.own.with(|own| own.retain(|_, moved| !*moved));
        self.known.clock.move_all();
        Ok(conn)
    }

    /// Moves the tags of every entry that has been written since the last one seen.
    fn catch_up(&mut self, conn: &mut Conn) -> Result<()> {
        loop {
            let asked = Instant::now();
            let position = self.position.load(Ordering::Relaxed);
            let entries = journal::tags_after(conn, position, BATCH)?;
            let more = entries.len() == usize::try_from(BATCH).unwrap_or(usize::MAX);
            for (place, tags) in entries {
                // Before the tags move: whoever sees them moved reads at least this far.
                self.known.position.fetch_max(place, Ordering::AcqRel);
                match self.own.pass(place) {
                    Pass::Foreign => self.move_on(&tags),
                    Pass::Moved => {}
                    // Its writer is about to move the tags; until then nothing may be trusted
                    // that the clock does not know of.
                    Pass::Moving => return Ok(()),
                }
                self.position.store(place, Ordering::Release);
            }
            if !more {
                self.known.clock.trust(asked, LEASE);
                return Ok(());
            }
        }
    }

    fn move_on(&self, tags: &[String]) {
        match tags.iter().map(|tag| tag.parse()).collect::<Result<Vec<Tag>, _>>() {
            Ok(tags) => self.known.clock.move_on(tags),
            // Written by a newer version: whatever it stands for, this makes it stale.
            Err(_) => self.known.clock.move_all(),
        }
    }

    /// Waits for a call, or for the next sweep; returns whether to stop.
    fn wait(&self, conn: &mut Conn) -> Result<bool> {
        let step = if dialect::hears(conn) { LISTEN } else { SWEEP };
        let started = Instant::now();
        while started.elapsed() < SWEEP {
            if self.stopped(step) {
                return Ok(true);
            }
            if dialect::was_called(conn)? {
                break;
            }
        }
        Ok(false)
    }

    fn stopped(&self, within: Duration) -> bool {
        self.stopped.recv_timeout(within) == Err(RecvTimeoutError::Disconnected)
    }
}
