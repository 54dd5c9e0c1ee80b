//! The tag clock: which of the things that public answers are made of have changed since when.
use std::{
    collections::HashMap,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::tags::Tag;

/// A reading of the clock: grows with every change.
pub type Tick = u64;

/// How many tags the clock remembers one by one; those that moved longest ago are forgotten.
const REMEMBERED: usize = 65_536;

/// Moves on with every committed change. An answer is fresh while none of its tags has moved
/// since before it was made.
///
/// While others can change the database, too, it has to be told about their changes, and is
/// trusted only for a moment after each time that was done.
#[derive(Debug)]
pub struct TagClock {
    now: AtomicU64,
    moves: RwLock<Moves>,
    started: Instant,
    /// Until when nothing can have been missed, in microseconds since the start.
    trusted_until: AtomicU64,
}

#[derive(Debug, Default)]
struct Moves {
    last: HashMap<Tag, Tick>,
    /// What moved up to then may have been forgotten.
    forgotten: Tick,
}

impl Default for TagClock {
    fn default() -> Self {
        Self {
            now: AtomicU64::new(1),
            moves: RwLock::default(),
            started: Instant::now(),
            trusted_until: AtomicU64::new(0),
        }
    }
}

impl TagClock {
    /// The present reading. Take it before looking at the database: what changes meanwhile will
    /// have moved later.
    pub fn now(&self) -> Tick {
        self.now.load(Ordering::Acquire)
    }

    /// Whether none of the tags has moved since `then`.
    pub fn unmoved_since(&self, then: Tick, tags: &[Tag]) -> bool {
        let moves = self.moves.read().unwrap_or_else(PoisonError::into_inner);
        moves.forgotten <= then
            && !tags.iter().any(|tag| moves.last.get(tag).is_some_and(|moved| *moved > then))
    }

    /// Moves these tags, since something they stand for has been changed.
    pub(super) fn move_on(&self, tags: Vec<Tag>) {
        if tags.is_empty() {
            return;
        }
        let mut moves = self.moves.write().unwrap_or_else(PoisonError::into_inner);
        let next = self.now() + 1;
        moves.last.extend(tags.into_iter().map(|tag| (tag, next)));
        moves.forget(next);
        self.now.store(next, Ordering::Release);
    }

    /// Moves every tag there is.
    pub(super) fn move_all(&self) {
        let mut moves = self.moves.write().unwrap_or_else(PoisonError::into_inner);
        let next = self.now() + 1;
        *moves = Moves { forgotten: next, ..Moves::default() };
        self.now.store(next, Ordering::Release);
    }

    /// Whether no change can have been missed.
    pub fn is_trusted(&self) -> bool {
        self.trusted_until.load(Ordering::Acquire) > self.micros_at(Instant::now())
    }

    /// Every change that was made before `asked` has moved its tags by now: this holds for the
    /// `lease` that follows.
    pub(super) fn trust(&self, asked: Instant, lease: Duration) {
        self.trusted_until.store(self.micros_at(asked + lease), Ordering::Release);
    }

    fn micros_at(&self, at: Instant) -> u64 {
        u64::try_from(at.duration_since(self.started).as_micros()).unwrap_or(u64::MAX)
    }
}

impl Moves {
    /// Keeps the memory bounded: what was made before something forgotten counts as stale.
    fn forget(&mut self, now: Tick) {
        while self.last.len() > REMEMBERED {
            self.forgotten += (now - self.forgotten).div_ceil(2);
            let since = self.forgotten;
            self.last.retain(|_, moved| *moved > since);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::slice;

    use super::*;
    use crate::ids::ArticleId;

    #[test]
    fn only_what_moved_is_stale() {
        let clock = TagClock::default();
        let [one, other] = [ArticleId::new(), ArticleId::new()].map(Tag::Article);
        let then = clock.now();
        clock.move_on(vec![one.clone()]);
        assert!(!clock.unmoved_since(then, &[other.clone(), one.clone()]));
        assert!(clock.unmoved_since(then, slice::from_ref(&other)));
        assert!(clock.unmoved_since(clock.now(), slice::from_ref(&one)));
        clock.move_all();
        assert!(!clock.unmoved_since(clock.now() - 1, &[other]));
        assert!(clock.unmoved_since(clock.now(), &[one]));
    }

    #[test]
    fn what_was_forgotten_is_stale() {
        let clock = TagClock::default();
        let tag = Tag::Article(ArticleId::new());
        let then = clock.now();
        clock.move_on(vec![tag.clone()]);
        for _ in 0..=REMEMBERED {
            clock.move_on(vec![Tag::Article(ArticleId::new())]);
        }
        assert!(!clock.unmoved_since(then, &[tag]));
        let recent = clock.now();
        assert!(clock.unmoved_since(recent, &[Tag::Sections]));
        assert!(clock.moves.read().unwrap().last.len() <= REMEMBERED);
    }

    #[test]
    fn trust_ends_with_the_lease() {
        let clock = TagClock::default();
        assert!(!clock.is_trusted());
        clock.trust(Instant::now(), Duration::from_hours(1));
        assert!(clock.is_trusted());
        clock.trust(Instant::now(), Duration::ZERO);
        assert!(!clock.is_trusted());
    }
}
