//! The tag clock: which of the things that public answers are made of have changed since when.
use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::{boot_time::BootTime, tags::Tag};

/// A reading of the clock: grows with every change.
pub type Tick = u64;

/// What part of the memory for ready-made answers the clock may take: a sixteenth. It is counted
/// among theirs, since it is for them.
pub const SHARE: u64 = 16;

/// Moves on with every committed change. An answer is fresh while none of its tags has moved
/// since before it was made.
///
/// While others can change the database, too, it has to be told about their changes, and is
/// trusted only for a moment after each time that was done.
#[derive(Debug)]
pub struct TagClock {
    now: AtomicU64,
    moves: RwLock<Moves>,
    /// How many bytes the tags may take that it remembers one by one; those that moved longest ago
    /// are forgotten.
    most: usize,
    bells: Mutex<Vec<Sender<()>>>,
    /// When every change up to then was known, in microseconds of the machine's run.
    complete_at: AtomicU64,
    /// Until when nothing can have been missed, likewise.
    trusted_until: AtomicU64,
}

#[derive(Debug, Default)]
struct Moves {
    last: HashMap<Tag, Tick>,
    /// How many bytes they take.
    bytes: usize,
    /// What moved up to then may have been forgotten.
    forgotten: Tick,
}

impl TagClock {
    /// One that takes this much memory, in bytes.
    pub fn within(most: u64) -> Self {
        Self {
            now: AtomicU64::new(1),
            moves: RwLock::default(),
            most: usize::try_from(most).unwrap_or(usize::MAX),
            bells: Mutex::default(),
            complete_at: AtomicU64::new(0),
            trusted_until: AtomicU64::new(0),
        }
    }

    /// How many bytes of memory it takes.
    pub fn bytes(&self) -> u64 {
        self.moves.read().unwrap_or_else(PoisonError::into_inner).bytes as u64
    }

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
        for tag in tags {
            let bytes = cost(&tag);
            if moves.last.insert(tag, next).is_none() {
                moves.bytes += bytes;
            }
        }
        moves.forget(next, self.most);
        self.now.store(next, Ordering::Release);
        drop(moves);
        self.ring();
    }

    /// Moves every tag there is.
    pub(super) fn move_all(&self) {
        let mut moves = self.moves.write().unwrap_or_else(PoisonError::into_inner);
        let next = self.now() + 1;
        *moves = Moves { forgotten: next, ..Moves::default() };
        self.now.store(next, Ordering::Release);
        drop(moves);
        self.ring();
    }

    /// Rings after every move, until it is dropped; while one ring is unheard, no other is added.
    pub fn bell(&self) -> Receiver<()> {
        let (ring, heard) = bounded(1);
        self.bells.lock().unwrap_or_else(PoisonError::into_inner).push(ring);
        heard
    }

    fn ring(&self) {
        let mut bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        bells.retain(|bell| !bell.try_send(()).is_err_and(|err| err.is_disconnected()));
    }

    /// Whether no change can have been missed. Ask before an answer is taken, so that it holds
    /// for an instant after the request came, however long the machine was suspended before.
    pub fn is_trusted(&self) -> bool {
        self.is_trusted_at(BootTime::now())
    }

    fn is_trusted_at(&self, now: BootTime) -> bool {
        self.trusted_until.load(Ordering::Acquire) > now.micros()
    }

    /// For how long changes may have been missed; `None` where none was ever listened for.
    pub fn incomplete_for(&self) -> Option<Duration> {
        let at = self.complete_at.load(Ordering::Acquire);
        (at > 0).then(|| BootTime::now().since(BootTime::from_micros(at)))
    }

    /// Every change that was made before `asked` has moved its tags by now: this holds for the
    /// `lease` that follows.
    pub(super) fn trust(&self, asked: BootTime, lease: Duration) {
        self.complete_at.store(asked.micros(), Ordering::Release);
        self.trusted_until.store(asked.after(lease).micros(), Ordering::Release);
    }
}

impl Moves {
    /// Keeps the memory bounded: what was made before something forgotten counts as stale.
    fn forget(&mut self, now: Tick, most: usize) {
        while self.bytes > most {
            self.forgotten += (now - self.forgotten).div_ceil(2);
            let since = self.forgotten;
            self.last.retain(|_, moved| *moved > since);
            self.bytes = self.last.keys().map(cost).sum();
        }
    }
}

/// How many bytes a tag takes: its place in the table, twice, since tables double when they are
/// full, and hold old and new while they do; and its name as an allocator may round it up.
fn cost(tag: &Tag) -> usize {
    2 * (size_of::<(Tag, Tick)>() + 1) + tag.heap_bytes().next_power_of_two()
}

#[cfg(test)]
mod tests {
    use std::slice;

    use super::*;
    use crate::{ids::ArticleId, tags::Facet};

    const MOST: u64 = 64 * 1024;

    #[test]
    fn only_what_moved_is_stale() {
        let clock = TagClock::within(MOST);
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
        let clock = TagClock::within(MOST);
        let tag = Tag::Article(ArticleId::new());
        let then = clock.now();
        clock.move_on(vec![tag.clone()]);
        let mut most = 0;
        for number in 0..2_000 {
            let long = Tag::List(Facet::tag(&format!("{number:0100}")));
            clock.move_on(vec![Tag::Article(ArticleId::new()), long]);
            most = most.max(clock.bytes());
        }
        assert!(!clock.unmoved_since(then, &[tag]));
        let recent = clock.now();
        assert!(clock.unmoved_since(recent, &[Tag::Sections]));
        assert!((MOST / 2..=MOST).contains(&most), "{most}");
        // Long names count.
        let moves = clock.moves.read().unwrap();
        assert!((100..600).contains(&moves.last.len()), "{}", moves.last.len());
        assert_eq!(moves.bytes, moves.last.keys().map(cost).sum::<usize>());
    }

    #[test]
    fn what_moves_again_is_counted_once() {
        let clock = TagClock::within(MOST);
        for _ in 0..10_000 {
            clock.move_on(vec![Tag::Sections, Tag::List(Facet::all())]);
        }
        assert_eq!(clock.bytes(), (cost(&Tag::Sections) + cost(&Tag::List(Facet::all()))) as u64);
        clock.move_all();
        assert_eq!(clock.bytes(), 0);
    }

    #[test]
    fn the_bell_rings_once_for_what_nobody_has_heard_yet() {
        let clock = TagClock::within(MOST);
        let (bell, dropped) = (clock.bell(), clock.bell());
        drop(dropped);
        clock.move_on(Vec::new());
        assert!(bell.is_empty(), "nothing has moved");
        clock.move_on(vec![Tag::Sections]);
        clock.move_all();
        assert_eq!(bell.try_iter().count(), 1);
        assert_eq!(clock.bells.lock().unwrap().len(), 1);
    }

    #[test]
    fn trust_ends_with_the_lease() {
        let clock = TagClock::within(MOST);
        assert!(!clock.is_trusted() && clock.incomplete_for().is_none());
        let (asked, lease) = (BootTime::now(), Duration::from_hours(1));
        clock.trust(asked, lease);
        assert!(clock.is_trusted());
        // However little of that the program has seen pass.
        assert!(!clock.is_trusted_at(asked.after(lease)));
        assert!(clock.incomplete_for().unwrap() < lease);
        clock.trust(BootTime::now(), Duration::ZERO);
        assert!(!clock.is_trusted());
    }
}
