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
    Conn, Known, Read, dialect,
    instruments::Instruments,
    journal,
    lanes::Lane,
    read,
    slot::Slot,
    source::{Access, Source},
    watchdog::Limits,
};
use crate::{
    boot_time::BootTime,
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
/// For how long the tags of an entry that can be read are left to the server that wrote it.
const MOVING: Duration = Duration::from_secs(1);
/// For how long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// The same at the start, which fails without an answer.
const AT_FIRST: Duration = Duration::from_secs(30);
/// How many connections may be given up that the database does not answer on.
const ABANDONED: usize = 4;
/// How many entries are read at once.
const BATCH: i64 = 1000;

/// Keeps the tag clock right while others write to the same database. Ends with its last handle.
#[derive(Debug, Clone)]
pub(super) struct Follower {
    own: Own,
    position: Arc<AtomicI64>,
    _stop: Sender<Infallible>,
}

/// Places in the journal that this server wrote itself, and whose tags it moves itself.
#[derive(Debug, Clone, Default)]
struct Own(Arc<Mutex<HashMap<i64, Move>>>);

/// Whether this server has moved the tags of an entry of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    /// It is about to, since this instant.
    Begun(Instant),
    Done,
}

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
    fn with<T>(&self, look: impl FnOnce(&mut HashMap<i64, Move>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn pass(&self, place: i64) -> Pass {
        self.with(|own| match own.get(&place) {
            None => Pass::Foreign,
            Some(Move::Begun(since)) if since.elapsed() < MOVING => Pass::Moving,
            // Whoever wrote it does not hear of the commit. If they do after all, the tags move
            // once more.
            Some(Move::Begun(_)) => {
                own.remove(&place);
                Pass::Foreign
            }
            Some(Move::Done) => {
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
        let (own, position) = (Own::default(), Arc::new(AtomicI64::new(0)));
        let limits = Limits { job: PATIENCE, abandoned: ABANDONED };
        // What the follower asks is not counted among the statements that requests cost.
        let slot = Slot::new(source.clone(), Access::Read, Instruments::new(None));
        let lane = Lane::start("follower", 1, limits, &slot, read).map_err(Error::internal)?;
        let mut reader = Reader {
            // A pooler lends the connection to others, who would get the calls.
            listens: !source.pooler,
            lane,
            position: Arc::clone(&position),
            known: known.clone(),
            own: own.clone(),
            stopped,
        };
        let asked = BootTime::now();
        let last = reader.connect(AT_FIRST)?;
        position.store(last, Ordering::Release);
        known.position.fetch_max(last, Ordering::AcqRel);
        known.clock.trust(asked, LEASE);
        let begun: io::Result<_> =
            thread::Builder::new().name("journal".to_owned()).spawn(move || reader.follow());
        begun.map_err(Error::internal)?;
        Ok(Self { own, position, _stop: stop })
    }

    /// The last entry of the journal whose tags have moved here.
    pub fn position(&self) -> i64 {
        self.position.load(Ordering::Acquire)
    }

    /// This server is about to commit these entries, and will move their tags itself.
    pub fn leave_out(&self, entries: &[i64]) {
        let begun = Move::Begun(Instant::now());
        self.own.with(|own| own.extend(entries.iter().map(|entry| (*entry, begun))));
    }

    /// They were committed, and their tags have moved.
    pub fn done(&self, entries: &[i64]) {
        self.own.with(|own| {
            for entry in entries {
                // Not there where it took so long that the follower has moved them.
                own.entry(*entry).and_modify(|moved| *moved = Move::Done);
            }
        });
    }

    /// They may have been committed, or not.
    pub fn look_at(&self, entries: &[i64]) {
        self.own.with(|own| own.retain(|entry, _| !entries.contains(entry)));
    }
}

struct Reader {
    /// Its one thread has the connection, so that this one never hangs together with the database.
    lane: Lane<Read>,
    /// Whether PostgreSQL is asked to call.
    listens: bool,
    /// The last entry whose tags have moved.
    position: Arc<AtomicI64>,
    known: Known,
    own: Own,
    stopped: Receiver<Infallible>,
}

/// Entries of the journal, and since when nothing before them can have been missed.
struct Look {
    asked: BootTime,
    entries: Vec<(i64, Vec<String>)>,
}

impl Reader {
    fn follow(&mut self) {
        let mut connected = true;
        loop {
            let followed = if connected { Ok(()) } else { self.connect_again() };
            match followed.and_then(|()| self.catch_up()) {
                Ok(()) => connected = true,
                Err(err) => {
                    connected = false;
                    tracing::warn!(
                        "cannot follow the journal: until it can, what is kept is shown only \
                         where the database is away, marked as stale: {}",
                        err.why()
                    );
                }
            }
            let pause = if connected { Duration::ZERO } else { SWEEP };
            if self.stopped.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
        }
    }

    /// Has the lane's thread do `work`, and waits for that, but not for ever.
    fn ask<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnOnce(&mut Slot) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = bounded(1);
        // Nobody takes the answer of a thread that was given up.
        self.lane.queue(Box::new(move |slot: &mut Slot| drop(answer.send(work(slot)))))?;
        let late = |_| Error::Unavailable("the database does not answer".into());
        answered.recv_timeout(patience).map_err(late)?
    }

    /// Opens a connection; returns where the journal ends.
    fn connect(&self, patience: Duration) -> Result<i64> {
        let listens = self.listens;
        self.ask(patience, move |slot| {
            slot.reconnect(|conn| {
                if listens {
                    dialect::listen(conn)?;
                }
                journal::last(conn)
            })
        })
    }

    /// Connects anew, and trusts nothing that was known before: the database may be another now,
    /// put back from a copy or succeeded by a replica that lagged behind, and may have gone on.
    fn connect_again(&self) -> Result<()> {
        let last = self.connect(PATIENCE)?;
        if last < self.position.load(Ordering::Relaxed) {
            tracing::warn!("the journal ends earlier than before: changes have been lost");
            self.known.position.store(last, Ordering::Release);
            self.position.store(last, Ordering::Release);
        }
        // Somebody else may write at the places of what is lost.
        self.own.with(|own| own.retain(|_, moved| *moved != Move::Done));
        self.known.clock.move_all();
        Ok(())
    }

    /// Waits until somebody calls or the next sweep is due, and moves the tags of every entry that
    /// has been written since the last one seen.
    fn catch_up(&mut self) -> Result<()> {
        let mut look = self.look(true)?;
        loop {
            let more = look.entries.len() == usize::try_from(BATCH).unwrap_or(usize::MAX);
            for (place, tags) in look.entries {
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
                self.known.clock.trust(look.asked, LEASE);
                return Ok(());
            }
            look = self.look(false)?;
        }
    }

    /// Reads what stands behind the last entry seen.
    fn look(&self, waits: bool) -> Result<Look> {
        let position = self.position.load(Ordering::Relaxed);
        self.ask(PATIENCE, move |slot| {
            slot.again(|conn| {
                if waits {
                    wait(conn)?;
                }
                let asked = BootTime::now();
                Ok(Look { asked, entries: journal::tags_after(conn, position, BATCH)? })
            })
        })
    }

    fn move_on(&self, tags: &[String]) {
        match tags.iter().map(|tag| tag.parse()).collect::<Result<Vec<Tag>, _>>() {
            Ok(tags) => self.known.clock.move_on(tags),
            // Written by a newer version: whatever it stands for, this makes it stale.
            Err(_) => self.known.clock.move_all(),
        }
    }
}

/// Waits for a call, or for the next sweep.
fn wait(conn: &mut Conn) -> Result<()> {
    let step = if dialect::hears(conn) { LISTEN } else { SWEEP };
    let started = Instant::now();
    while started.elapsed() < SWEEP {
        thread::sleep(step);
        if dialect::was_called(conn)? {
            break;
        }
    }
    Ok(())
}
