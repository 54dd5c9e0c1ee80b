//! The watchdog: notices threads that are stuck in the database, and has others take their place.
//!
//! A database that is stopped but not gone looks like a slow one: the kernel goes on taking what
//! is sent to it, so no socket times out. Whatever a thread waits for then, nothing can end it.
use std::{
    convert::Infallible,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError};

/// How often the watchdog looks.
const TICK: Duration = Duration::from_millis(100);

/// What one thread is at.
#[derive(Debug, Clone, Default)]
pub struct Task(Arc<Mutex<State>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Idle,
    BusySince(Instant),
    /// Another thread has its place; it ends when it comes back.
    Abandoned,
}

impl Task {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread begins with a job.
    pub fn begin(&self) {
        *self.state() = State::BusySince(Instant::now());
    }

    /// The thread is done with the job; whether it still has its place.
    pub fn end(&self) -> bool {
        let mut state = self.state();
        let kept = *state != State::Abandoned;
        if kept {
            *state = State::Idle;
        }
        kept
    }

    fn is_overdue(&self, limit: Duration) -> bool {
        matches!(*self.state(), State::BusySince(since) if since.elapsed() > limit)
    }

    /// Takes the thread's place from it if it is overdue still.
    fn abandon(&self, limit: Duration) -> bool {
        let mut state = self.state();
        let overdue = matches!(*state, State::BusySince(since) if since.elapsed() > limit);
        if overdue {
            *state = State::Abandoned;
        }
        overdue
    }
}

/// When a thread counts as stuck, and how many are replaced.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For how long one job may keep a thread.
    pub job: Duration,
    /// How many threads may be stuck in jobs that were given up, each with its connection. Beyond
    /// that none is replaced.
    pub abandoned: usize,
}

/// What is known of the threads of one lane.
#[derive(Debug)]
pub struct Watch {
    limits: Limits,
    places: Mutex<Vec<Task>>,
    abandoned: AtomicUsize,
    stuck: AtomicUsize,
}

impl Watch {
    /// Knows of no threads as yet.
    pub fn new(limits: Limits) -> Self {
        let (places, abandoned, stuck) = Default::default();
        Self { limits, places, abandoned, stuck }
    }

    fn places(&self) -> MutexGuard<'_, Vec<Task>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One thread more to look after.
    pub fn add(&self, task: Task) {
        self.places().push(task);
    }

    /// A thread that was abandoned has come back, and ends.
    pub fn is_back(&self) {
        self.abandoned.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many threads are at work, those that were abandoned left out.
    pub fn busy(&self) -> usize {
        self.places().iter().filter(|task| matches!(*task.state(), State::BusySince(_))).count()
    }

    /// How many threads were abandoned and have not come back.
    pub fn abandoned(&self) -> usize {
        self.abandoned.load(Ordering::Relaxed)
    }

    /// Whether every thread is stuck and none is replaced any more.
    pub fn is_stuck(&self) -> bool {
        let stuck = self.stuck.load(Ordering::Relaxed);
        stuck > 0 && stuck == self.places().len()
    }

    /// Looks after the threads until nobody needs them any more. `replace` starts one more.
    pub fn run(
        &self,
        name: &str,
        stopped: &Receiver<Infallible>,
        replace: impl Fn() -> io::Result<Task>,
    ) {
        while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            self.look(name, &replace);
        }
    }

    fn look(&self, name: &str, replace: &impl Fn() -> io::Result<Task>) {
        let mut stuck = 0;
        for place in self.places().iter_mut() {
            let room = self.abandoned() < self.limits.abandoned;
            if room && place.abandon(self.limits.job) {
                self.abandoned.fetch_add(1, Ordering::Relaxed);
                tracing::error!(
                    "a {name} thread is stuck in the database; another one takes its place"
                );
            }
            let gone = *place.state() == State::Abandoned;
            match if gone { replace().map(Some) } else { Ok(None) } {
                Ok(Some(successor)) => *place = successor,
                Ok(None) => stuck += usize::from(place.is_overdue(self.limits.job)),
                // It is tried again with the next look.
                Err(err) => {
                    tracing::error!("cannot start a {name} thread: {err}");
                    stuck += 1;
                }
            }
        }
        if self.stuck.swap(stuck, Ordering::Relaxed) == 0 && stuck > 0 {
            tracing::error!("{stuck} {name} threads are stuck in the database");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { job: Duration::ZERO, abandoned: 1 };

    fn watch(threads: usize) -> (Watch, Vec<Task>) {
        let watch = Watch::new(LIMITS);
        let tasks: Vec<Task> = (0..threads).map(|_| Task::default()).collect();
        tasks.iter().cloned().for_each(|task| watch.add(task));
        (watch, tasks)
    }

    #[test]
    fn a_stuck_thread_is_replaced_and_ends_when_it_comes_back() {
        let (watch, tasks) = watch(2);
        tasks[0].begin();
        let successor = Task::default();
        watch.look("test", &|| Ok(successor.clone()));
        assert_eq!((watch.abandoned(), watch.busy(), watch.is_stuck()), (1, 0, false));
        successor.begin();
        assert_eq!(watch.busy(), 1);
        assert!(!tasks[0].end() && successor.end());
        watch.is_back();
        assert_eq!(watch.abandoned(), 0);
    }

    #[test]
    fn no_more_are_replaced_than_agreed_and_then_the_lane_is_stuck() {
        let (watch, tasks) = watch(2);
        tasks.iter().for_each(Task::begin);
        let begun = || {
            let task = Task::default();
            task.begin();
            Ok(task)
        };
        watch.look("test", &begun);
        assert_eq!((watch.abandoned(), watch.is_stuck()), (1, false));
        watch.look("test", &begun);
        assert_eq!((watch.abandoned(), watch.is_stuck()), (1, true));
        assert!(tasks[1].end());
        watch.look("test", &begun);
        assert!(!watch.is_stuck());
    }

    #[test]
    fn a_place_stays_open_until_a_thread_can_be_started() {
        let (watch, tasks) = watch(1);
        tasks[0].begin();
        watch.look("test", &|| Err(io::Error::other("no threads left")));
        assert!(watch.is_stuck());
        watch.look("test", &|| Ok(Task::default()));
        assert_eq!((watch.abandoned(), watch.is_stuck()), (1, false));
    }
}
