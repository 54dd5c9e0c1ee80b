//! A lease that one thread at a time has. It ends when it is dropped, and by itself after a while,
//! since its holder may be stuck.
use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// For how long a lease is respected at most.
const LONGEST: Duration = Duration::from_secs(1);

/// What is leased.
#[derive(Debug, Clone, Default)]
pub struct Leases(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// How many leases there have been: the number of the last one.
    last: u64,
    /// Since when that one has been held, if it is.
    since: Option<Instant>,
}

/// A lease, until it is dropped.
#[derive(Debug)]
pub struct Lease {
    number: u64,
    shared: Arc<Shared>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leases {
    /// Waits until nobody has a lease.
    pub fn take(&self) -> Lease {
        let mut state = self.0.state();
        while let Some(left) = state.since.and_then(|at| LONGEST.checked_sub(at.elapsed())) {
            let waited = self.0.ended.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.last += 1;
        state.since = Some(Instant::now());
        Lease { number: state.last, shared: Arc::clone(&self.0) }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        // Where it had ended by itself, somebody else may have the next one.
        if state.last == self.number {
            state.since = None;
            self.shared.ended.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn one_at_a_time_has_it() {
        let (leases, inside) = (Leases::default(), Mutex::new(()));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        let lease = leases.take();
                        assert!(inside.try_lock().is_ok());
                        drop(lease);
                    }
                });
            }
        });
    }

    #[test]
    fn who_never_gives_it_back_is_not_waited_for_and_does_not_end_the_next_one() {
        let leases = Leases::default();
        let stuck = leases.take();
        let started = Instant::now();
        let next = leases.take();
        assert!(started.elapsed() >= LONGEST);
        drop(stuck);
        assert!(leases.0.state().since.is_some());
        drop(next);
        assert!(leases.0.state().since.is_none());
    }
}
