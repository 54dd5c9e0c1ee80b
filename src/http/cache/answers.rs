//! The answers that are kept ready: bounded by bytes, built one at a time, never stale.
use std::{fmt, sync::Arc};

use quick_cache::{
    DefaultHashBuilder,
    sync::{Cache, DefaultLifecycle, EntryAction, EntryResult, PlaceholderGuard},
};

use super::{
    key::{Asked, Key},
    rendered::Rendered,
    weight::Weight,
};
use crate::{
    config::Config,
    db::{
        Db,
        clock::{TagClock, Tick},
    },
    time::Instant,
};

/// Ready-made answers. Cheap to clone; one for all workers.
#[derive(Clone)]
pub struct Answers(Arc<Inner>);

struct Inner {
    kept: Cache<Key, Kept, Weight>,
    clock: Arc<TagClock>,
    /// The heaviest answer that is kept.
    heaviest: u64,
}

/// What became of the last attempt to build an answer.
#[derive(Clone)]
pub(super) enum Kept {
    Ready(Arc<Rendered>),
    /// It was a refusal, or too much to keep. Until anything changes, nobody needs to wait for
    /// another's attempt.
    Refused(Tick),
}

/// What there is for a request.
pub enum Found<'a> {
    /// A fresh answer.
    Ready(Arc<Rendered>),
    /// Nothing: it is one's turn to make it.
    Turn(Turn<'a>),
}

type Guard<'a> =
    PlaceholderGuard<'a, Key, Kept, Weight, DefaultHashBuilder, DefaultLifecycle<Key, Kept>>;

/// The right to make one answer, while others who ask for the same wait. Given up when dropped:
/// the next one who waits gets it.
pub struct Turn<'a> {
    answers: &'a Answers,
    key: &'a Key,
    /// `None` where nobody waits for anybody.
    guard: Option<Guard<'a>>,
    begun: Tick,
}

impl Turn<'_> {
    /// Hands the answer to all who wait, and keeps it; there is none where it was a refusal.
    pub fn settle(self, answer: Option<&Arc<Rendered>>) {
        let heaviest = self.answers.0.heaviest;
        let fits = |answer: &&Arc<Rendered>| (answer.weight() as u64) < heaviest;
        let answer = answer.filter(fits).map(|answer| Kept::Ready(Arc::clone(answer)));
        match (self.guard, answer) {
            // Where the place has been taken meanwhile, the answer is not kept.
            (Some(guard), answer) => {
                drop(guard.insert(answer.unwrap_or(Kept::Refused(self.begun))));
            }
            (None, Some(answer)) => self.answers.0.kept.insert(self.key.clone(), answer),
            (None, None) => {}
        }
    }
}

/// An answer of a usual size, to guess how many there will be.
const USUAL: u64 = 16 * 1024;

impl Answers {
    /// None yet; `None` where the settings want none to be kept.
    pub fn open(config: &Config, db: &Db) -> Option<Self> {
        let most = config.cache_max_bytes;
        config.cache.then(|| {
            let guess = usize::try_from(most / USUAL).unwrap_or(usize::MAX);
            let kept = Cache::with_weighter(guess, most, Weight);
            let heaviest = kept.shard_capacity() / 2;
            Self(Arc::new(Inner { kept, clock: Arc::clone(db.clock()), heaviest }))
        })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.kept.len()
    }

    /// How many bytes of memory they take.
    pub fn bytes(&self) -> u64 {
        self.0.kept.weight()
    }

    /// A fresh answer, if there is one: the short way.
    pub fn get(&self, asked: &Asked<'_>, now: Instant) -> Option<Arc<Rendered>> {
        match self.0.kept.get(asked)? {
            Kept::Ready(answer) if self.0.clock.is_trusted() => {
                answer.is_fresh(&self.0.clock, now).then_some(answer)
            }
            Kept::Ready(_) | Kept::Refused(_) => None,
        }
    }

    /// A fresh answer, or the right to make one. Waits while another makes it, and does not take
    /// what was begun too early.
    pub async fn find<'a>(&'a self, key: &'a Key, now: Instant) -> Found<'a> {
        let begun = self.0.clock.now();
        // Whoever cannot be helped by waiting does not wait.
        let trusted = self.0.clock.is_trusted();
        let judge = |_: &Key, kept: &mut Kept| match kept {
            _ if !trusted => EntryAction::Retain(None),
            Kept::Ready(answer) if answer.holds(&self.0.clock, now, begun) => {
                EntryAction::Retain(Some(Arc::clone(answer)))
            }
            Kept::Refused(at) if *at >= begun => EntryAction::Retain(None),
            Kept::Ready(_) | Kept::Refused(_) => EntryAction::ReplaceWithGuard,
        };
        let guard = match self.0.kept.entry_async(key, judge).await {
            EntryResult::Retained(Some(answer)) => return Found::Ready(answer),
            EntryResult::Vacant(guard) | EntryResult::Replaced(guard, _) => Some(guard),
            EntryResult::Retained(None) | EntryResult::Removed(..) | EntryResult::Timeout => None,
        };
        Found::Turn(Turn { answers: self, key, guard, begun })
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ready-made answers", self.count())
    }
}
