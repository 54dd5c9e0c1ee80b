//! A change on its way to the database: what is to be done, and what it means to readers.
use std::{sync::atomic::Ordering, time::Instant};

use super::{Conn, Context, Known, Tx, group::Write, journal, journal::Entry, turn::Turn};
use crate::error::{Error, Result};

/// A change in the queue.
pub struct Change<T, F> {
    known: Known,
    by: Context,
    work: F,
    turn: Turn<T>,
    attempt: Attempt<T>,
}

/// What came of the last attempt.
struct Attempt<T> {
    done: Option<T>,
    entries: Vec<Entry>,
    places: Vec<i64>,
}

impl<T> Default for Attempt<T> {
    fn default() -> Self {
        Self { done: None, entries: Vec::new(), places: Vec::new() }
    }
}

impl<T, F> Change<T, F> {
    /// A change that nothing has been done about.
    pub fn new(known: Known, by: Context, work: F, turn: Turn<T>) -> Self {
        Self { known, by, work, turn, attempt: Attempt::default() }
    }
}

impl<T, F> Write for Change<T, F>
where
    T: Send,
    F: FnOnce(&mut Tx<'_>) -> Result<T> + Clone + Send,
{
    fn begin(&mut self) -> bool {
        self.turn.begin()
    }

    fn deadline(&self) -> Instant {
        self.turn.deadline()
    }

    fn attempt(&mut self, conn: &mut Conn) -> Result<()> {
        let undone = std::mem::take(&mut self.attempt);
        if let Some(follower) = &self.known.follower {
            follower.look_at(&undone.places);
        }
        let mut tx = Tx { conn, by: self.by.clone(), entries: None };
        let work = self.work.clone();
        let done = self.turn.within(|| work(&mut tx))?;
        let entries = tx
            .entries
            .ok_or_else(|| Error::internal("a write that recorded nothing in the journal"))?;
        let places = journal::append(tx.conn, &self.by, &entries)?;
        if let Some(follower) = &self.known.follower {
            follower.leave_out(&places);
        }
        self.attempt = Attempt { done: Some(done), entries, places };
        if !self.turn.commit() {
            return Err(Error::Unavailable("whoever asked for it was told that it failed".into()));
        }
        Ok(())
    }

    fn settle(self: Box<Self>, done: Result<()>) {
        let Attempt { done: worked, entries, places } = self.attempt;
        if done.is_ok() {
            let last = places.last().copied().unwrap_or_default();
            self.known.position.fetch_max(last, Ordering::AcqRel);
        }
        self.known.clock.move_on(entries.iter().flat_map(Entry::tags).cloned().collect());
        if let Some(follower) = &self.known.follower {
            match &done {
                Ok(()) => follower.done(&places),
                // A commit that failed may have come through all the same.
                Err(_) => follower.look_at(&places),
            }
        }
        let unworked = || Error::internal("a write was committed before it was done");
        self.turn.answer(done.and_then(|()| worked.ok_or_else(unworked)));
    }
}
