//! What is remembered of failures, and how long they make one wait.
use diesel::prelude::*;

use crate::{db::schema::sign_in_throttle, ids::AnyId, time::Instant};

/// Seconds after which one failure is forgiven.
pub const FORGIVEN: i64 = 15 * 60;

/// The longest wait that there is, in seconds.
pub const LONGEST: i64 = 15 * 60;

/// Seconds for which an address stays one that the user has signed in from.
pub const KNOWN: i64 = 90 * 24 * 60 * 60;

/// How many failures are remembered at the most: any wait is the longest long before.
pub const MOST: i64 = 60;

/// How waits grow: not at all for the first failures, from then on twice as long after each.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Failures that cost no wait.
    pub free: i64,
    /// The longest wait, in seconds.
    pub longest: i64,
}

impl Pace {
    /// The wait after so many failures, in seconds.
    pub fn wait(self, failures: i64) -> i64 {
        match failures - self.free {
            ..=0 => 0,
            doublings @ 1..=30 => self.longest.min(1 << (doublings - 1)),
            _ => self.longest,
        }
    }
}

/// What is remembered under one key.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = sign_in_throttle)]
pub struct Memory {
    pub key: AnyId,
    /// When the next try may be made.
    pub free_at: Instant,
    /// When all failures are forgiven.
    pub forgiven_at: Instant,
    /// Until when this is an address that the user has signed in from.
    pub known_until: Instant,
    /// When there is nothing left to remember.
    pub expires_at: Instant,
}

impl Memory {
    /// Of somebody who has done nothing yet.
    pub fn blank(key: AnyId, now: Instant) -> Self {
        // Requests that began a little earlier may come a little later.
        let past = now.plus_seconds(-FORGIVEN);
        let expires_at = now.plus_seconds(FORGIVEN);
        Self { key, free_at: past, forgiven_at: past, known_until: past, expires_at }
    }

    /// How many failures are not forgiven yet.
    pub fn failures(&self, now: Instant) -> i64 {
        let until = believed(self.forgiven_at, now, MOST * FORGIVEN);
        seconds_until(until, now).div_ceil(FORGIVEN.unsigned_abs()).cast_signed()
    }

    /// The seconds for which to wait from now on.
    pub fn wait(&self, now: Instant) -> i64 {
        seconds_until(believed(self.free_at, now, LONGEST), now).cast_signed()
    }

    /// Whether the user has signed in from this address before.
    pub fn is_known(&self, now: Instant) -> bool {
        believed(self.known_until, now, KNOWN) > now
    }

    /// One failure more.
    pub fn count(&mut self, now: Instant) {
        let until = believed(self.forgiven_at, now, MOST * FORGIVEN).max(now);
        self.forgiven_at = until.plus_seconds(FORGIVEN).min(now.plus_seconds(MOST * FORGIVEN));
        self.outlast();
    }

    /// One failure less.
    pub fn discount(&mut self, now: Instant) {
        self.forgiven_at = self.forgiven_at.plus_seconds(-FORGIVEN).max(now);
    }

    /// No try before so many seconds have passed.
    pub fn hold(&mut self, now: Instant, seconds: i64) {
        if seconds > 0 {
            let until = believed(self.free_at, now, LONGEST);
            self.free_at = until.max(now.plus_seconds(seconds));
            self.outlast();
        }
    }

    /// The user has signed in from here.
    pub fn know(&mut self, until: Instant) {
        self.known_until = until;
        self.outlast();
    }

    /// Who has waited is remembered for a while longer, so that the wait was not for nothing.
    fn outlast(&mut self) {
        let waited = self.free_at.plus_seconds(FORGIVEN);
        self.expires_at = waited.max(self.forgiven_at).max(self.known_until);
    }
}

/// What ends at `at`, and lasts no longer than so many seconds: where it would, a clock that was
/// wrong has stored it, and it is over.
fn believed(at: Instant, now: Instant, most: i64) -> Instant {
    let longest = now.plus_seconds(most);
    if at > longest.latest() { now } else { at.min(longest) }
}

/// Rounded up.
fn seconds_until(at: Instant, now: Instant) -> u64 {
    (at.micros() - now.micros()).max(0).unsigned_abs().div_ceil(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let pace = Pace { free: 2, longest: 6 };
        let waits: Vec<i64> = (0..7).map(|failures| pace.wait(failures)).collect();
        assert_eq!(waits, [0, 0, 0, 1, 2, 4, 6]);
        assert_eq!(pace.wait(1_000), 6);
    }

    #[test]
    fn what_a_clock_that_was_ahead_has_stored_binds_nobody() {
        let now: Instant = "2026-06-01T12:00:00Z".parse().unwrap();
        for (ahead, binds) in [(0, true), (30, true), (24 * 60 * 60, false)] {
            let mut memory = Memory::blank(AnyId::new(), now);
            let then = now.plus_seconds(ahead);
            memory.hold(then, LONGEST);
            (0..MOST).for_each(|_| memory.count(then));
            assert_eq!(memory.wait(now), if binds { LONGEST } else { 0 }, "{ahead}");
            assert_eq!(memory.failures(now), if binds { MOST } else { 0 }, "{ahead}");
            memory.count(now);
            memory.hold(now, 1);
            assert_eq!(memory.failures(now), if binds { MOST } else { 1 }, "{ahead}");
            assert_eq!(memory.wait(now), if binds { LONGEST } else { 1 }, "{ahead}");
        }
    }

    #[test]
    fn an_address_is_known_for_no_longer_than_the_rule_allows() {
        let now: Instant = "2026-06-01T12:00:00Z".parse().unwrap();
        for (ahead, known) in [(0, true), (30, true), (24 * 60 * 60, false)] {
            let mut memory = Memory::blank(AnyId::new(), now);
            memory.know(now.plus_seconds(ahead + KNOWN));
            assert_eq!(memory.is_known(now), known, "{ahead}");
        }
    }

    #[test]
    fn failures_are_forgiven_one_by_one() {
        let now: Instant = "2026-06-01T12:00:00Z".parse().unwrap();
        let mut memory = Memory::blank(AnyId::new(), now);
        for _ in 0..3 {
            memory.count(now);
        }
        let failures = |memory: &Memory, later| memory.failures(now.plus_seconds(later));
        assert_eq!([0, FORGIVEN - 1, FORGIVEN].map(|later| failures(&memory, later)), [3, 3, 2]);
        assert_eq!(failures(&memory, 3 * FORGIVEN), 0);
        memory.discount(now);
        assert_eq!(failures(&memory, 0), 2);
    }
}
