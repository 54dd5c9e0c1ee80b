//! The answers that are kept ready: bounded by bytes, built one at a time, never stale.
use std::{fmt, num::NonZeroU32, sync::Arc, time::Duration};

use quick_cache::{
    DefaultHashBuilder,
    sync::{Cache, DefaultLifecycle, EntryAction, EntryResult, PlaceholderGuard},
};

use super::{
    coding::Coding,
    key::{Asked, Key},
    outage::Outage,
    rendered::Rendered,
    weight::Weight,
};
use crate::{
    config::Config,
    db::{
        Db,
        clock::{self, TagClock, Tick},
    },
    time::{Clock, Instant},
};

/// Ready-made answers. Cheap to clone; one for all workers.
#[derive(Clone)]
pub struct Answers(Arc<Inner>);

struct Inner {
    kept: Cache<Key, Kept, Weight>,
    tags: Arc<TagClock>,
    clock: Clock,
    outage: Outage,
    /// For how long answers are used while the database is away, since it last said that nothing
    /// else has changed.
    stale_for: Duration,
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

/// An answer that may have changed meanwhile.
pub struct Stale {
    pub answer: Arc<Rendered>,
    /// For how long changes of it may have been missed.
    pub age: Duration,
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
    pub fn open(config: &Config, db: &Db, clock: &Clock) -> Option<Self> {
        // The rest is the clock's, without which no answer could be known to be fresh.
        let most = config.cache_max_bytes - config.cache_max_bytes / clock::SHARE;
        config.cache.then(|| {
            let guess = usize::try_from(most / USUAL).unwrap_or(usize::MAX);
            let kept = Cache::with_weighter(guess, most, Weight);
            let heaviest = kept.shard_capacity() / 2;
            let (tags, clock, outage) = (Arc::clone(db.clock()), clock.clone(), Outage::default());
            let seconds = config.cache_stale_if_error.map_or(0, NonZeroU32::get);
            let stale_for = Duration::from_secs(seconds.into());
            Self(Arc::new(Inner { kept, tags, clock, outage, stale_for, heaviest }))
        })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.kept.len()
    }

    /// How many bytes of memory they take, and what is remembered for them of changes.
    pub fn bytes(&self) -> u64 {
        self.0.kept.weight() + self.0.tags.bytes()
    }

    /// A fresh answer, if there is one: the short way.
    pub fn get(&self, asked: &Asked<'_>, now: Instant) -> Option<Arc<Rendered>> {
        match self.0.kept.get(asked)? {
            Kept::Ready(answer) if self.0.tags.is_trusted() => {
                let ready = answer.holds(now, &self.0.clock) && answer.is_fresh(&self.0.tags);
                ready.then_some(answer)
            }
            Kept::Ready(_) | Kept::Refused(_) => None,
        }
    }

    /// What may be shown instead of a refusal, since the database is away: an answer that was
    /// exact when this server last heard of changes, which is not longer ago than the settings
    /// allow, and that has not ended by the clock since. In the key's coding, or in none.
    pub async fn while_away(&self, key: &Key, db: &Db) -> Option<Stale> {
        self.stale(key)?;
        // Changes are not heard of either where the database is there and the journal is not.
        self.0.outage.is_on(db).await.then_some(())?;
        self.stale(key)
    }

    /// The same, for a request that was refused since the database is away.
    pub async fn instead(&self, key: &Key) -> Option<Stale> {
        let stale = self.stale(key)?;
        self.0.outage.begins().await;
        Some(stale)
    }

    fn stale(&self, key: &Key) -> Option<Stale> {
        let Inner { kept, tags, clock, stale_for, .. } = &*self.0;
        let age = tags.incomplete_for().filter(|age| age < stale_for)?;
        if tags.is_trusted() {
            return None;
        }
        let plain = Asked { coding: Coding::Identity, request: &key.request };
        let now = clock.now();
        let found = [kept.get(key), kept.get(&plain)].into_iter().flatten();
        let mut ready = found.filter_map(|kept| match kept {
            Kept::Ready(answer) => Some(answer),
            Kept::Refused(_) => None,
        });
        let answer = ready.find(|answer| answer.holds(now, clock) && answer.is_fresh(tags))?;
        Some(Stale { answer, age })
    }

    /// A fresh answer, or the right to make one. Waits while another makes it, and does not take
    /// what was begun too early.
    pub async fn find<'a>(&'a self, key: &'a Key, now: Instant) -> Found<'a> {
        let begun = self.0.tags.now();
        // Whoever cannot be helped by waiting does not wait.
        let trusted = self.0.tags.is_trusted();
        let judge = |_: &Key, kept: &mut Kept| match kept {
            _ if !trusted => EntryAction::Retain(None),
            Kept::Ready(answer)
                if answer.holds(now, &self.0.clock) && answer.answers(&self.0.tags, begun) =>
            {
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
