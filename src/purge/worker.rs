//! The thread that reads the journal and tells its tags, at one server at a time.
use std::{
    collections::BTreeSet,
    convert::Infallible,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crossbeam_channel::{Receiver, after, never, select};
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::{
    NAME, by_itself,
    post::{AT_ONCE, Post},
    trouble::{Failure, Trouble},
};
use crate::{
    db::{Conn, Db, Tx, journal, progress::every, readers},
    error::Result,
    time::{Clock, Instant},
};

/// How often the journal is read even when no bell rings: others may have written.
const SWEEP: Duration = Duration::from_secs(1);
/// When to look again while it is another server's turn, in case that one misses the newest.
const BUSY: Duration = Duration::from_millis(50);
/// How many entries are told together.
const ENTRIES: i64 = 1000;
/// How many seconds a turn has to last for one more request to begin.
const NEEDED: i64 = 3;
/// How often a turn begins anew while a request is under way.
const RENEWED: Duration = Duration::from_millis(1500);

pub struct Worker {
    post: Post,
    db: Db,
    clock: Clock,
    runtime: Runtime,
    bell: Receiver<()>,
    stopped: Receiver<Infallible>,
    trouble: Trouble,
    server: Uuid,
    /// Up to there the journal has nothing to tell. Ahead of the place in the database, which
    /// moves only when something was told.
    seen: i64,
    /// Until when it is this server's turn.
    turn: Option<Instant>,
    /// What is being told.
    batch: Option<Batch>,
}

/// Tags of the entries after one place in the journal up to another, each once.
struct Batch {
    after: i64,
    upto: i64,
    tags: Vec<String>,
}

enum Found {
    Nothing,
    ForAnother,
    This(Batch),
}

impl Worker {
    pub fn new(
        post: Post,
        db: Db,
        clock: Clock,
        runtime: Runtime,
        stopped: Receiver<Infallible>,
        server: Uuid,
    ) -> Self {
        let bell = db.clock().bell();
        let (trouble, seen, turn, batch) = Default::default();
        Self { post, db, clock, runtime, bell, stopped, trouble, server, seen, turn, batch }
    }

    /// Works until nobody needs it any more.
    pub fn run(mut self) {
        loop {
            let stopped = match self.tell() {
                Ok(pause) => self.wait(pause, true),
                Err(failure) => {
                    let pause = self.trouble.met(self.post.origin(), &failure);
                    self.wait(pause, false)
                }
            };
            if stopped {
                // If this fails, the turn ends all the same, only later.
                let _ = self.leave();
                return;
            }
        }
    }

    /// Tells what there is to tell; returns when to look again unless a bell rings.
    fn tell(&mut self) -> Result<Duration, Failure> {
        while !self.is_stopped() {
            let batch = match self.batch.take() {
                Some(batch) => batch,
                None => match self.look()? {
                    Found::Nothing => {
                        self.leave()?;
                        self.trouble.is_over(self.post.origin());
                        break;
                    }
                    Found::ForAnother => return Ok(BUSY),
                    Found::This(batch) => batch,
                },
            };
            self.finish(batch)?;
        }
        Ok(SWEEP)
    }

    /// Reads what the journal has to tell now.
    fn look(&mut self) -> Result<Found> {
        loop {
            let seen = self.seen;
            let (reader, entries) = self.read(move |conn| {
                let reader = readers::find(conn, NAME)?;
                let entries = journal::tags_after(conn, reader.seq.max(seen), ENTRIES)?;
                Ok((reader, entries))
            })?;
            let Some(&(upto, _)) = entries.last() else { return Ok(Found::Nothing) };
            let tags: BTreeSet<String> = entries.into_iter().flat_map(|(_, tags)| tags).collect();
            if tags.is_empty() {
                self.seen = upto;
                continue;
            }
            if reader.is_held_from(self.server, self.clock.now()) {
                return Ok(Found::ForAnother);
            }
            let tags = tags.into_iter().collect();
            return Ok(Found::This(Batch { after: reader.seq, upto, tags }));
        }
    }

    /// Tells a batch to its end and remembers that, unless another server takes over.
    fn finish(&mut self, mut batch: Batch) -> Result<(), Failure> {
        let told = self.tell_all(&mut batch);
        if told.is_err() {
            // Only what is left of it is told again.
            self.batch = Some(batch);
        }
        told
    }

    fn tell_all(&mut self, batch: &mut Batch) -> Result<(), Failure> {
        while !batch.tags.is_empty() {
            if self.is_stopped() || !self.has_turn(batch.after)? {
                return Ok(());
            }
            let some = batch.tags.len().min(AT_ONCE);
            self.send(batch.after, &batch.tags[..some])?;
            self.trouble.is_over(self.post.origin());
            batch.tags.drain(..some);
        }
        let (upto, server, now) = (batch.upto, self.server, self.clock.now());
        // Whoever has more to tell keeps the turn: one write less.
        let more = self.read(journal::last)? > upto;
        let on = more.then_some(now);
        self.turn = self.write(move |tx| readers::advance(tx, NAME, upto, server, on))?;
        self.seen = upto;
        Ok(())
    }

    /// Sends these tags, and keeps the turn for as long as that takes.
    fn send(&mut self, after: i64, tags: &[String]) -> Result<(), Failure> {
        let renewed = Mutex::new(self.turn);
        let renew = || {
            // Once it is to stop, somebody else has to be able to go on.
            if !self.is_stopped()
                && let Ok(until) = self.take(after)
            {
                *renewed.lock().unwrap_or_else(PoisonError::into_inner) = until;
            }
        };
        let sent = every(RENEWED, renew, || self.post.send(tags));
        self.turn = renewed.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(sent?)
    }

    /// Whether it is this server's turn, for long enough to begin with a request.
    fn has_turn(&mut self, after: i64) -> Result<bool> {
        let now = self.clock.now();
        if self.turn.is_none_or(|until| until < now.plus_seconds(NEEDED)) {
            self.turn = self.take(after)?;
        }
        Ok(self.turn.is_some())
    }

    /// Makes it this server's turn, or lets its turn begin anew.
    fn take(&self, after: i64) -> Result<Option<Instant>> {
        let (server, now) = (self.server, self.clock.now());
        self.write(move |tx| readers::take(tx, NAME, after, server, now))
    }

    /// Ends this server's turn, if it has one.
    fn leave(&mut self) -> Result<()> {
        if self.turn.is_some() {
            let server = self.server;
            self.write(move |tx| readers::leave(tx, NAME, server))?;
            self.turn = None;
        }
        Ok(())
    }

    fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T> + Clone + Send + 'static,
    ) -> Result<T> {
        self.runtime.block_on(self.db.read(|snapshot| work(snapshot)))
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T> + Clone + Send + 'static,
    ) -> Result<T> {
        self.runtime.block_on(self.db.write(by_itself(&self.clock), move |tx| {
            tx.nothing_to_record("what was told to whom is not the newsroom's business");
            work(tx)
        }))
    }

    fn is_stopped(&self) -> bool {
        self.stopped.try_recv().is_err_and(|err| err.is_disconnected())
    }

    /// Waits; a ring of the bell ends it early where that is wanted. Returns whether to stop.
    fn wait(&self, pause: Duration, heeds_bell: bool) -> bool {
        let bell = if heeds_bell { &self.bell } else { &never() };
        select! {
            recv(self.stopped) -> _ => true,
            recv(bell) -> _ => false,
            recv(after(pause)) -> _ => false,
        }
    }
}
