//! A job and whoever waits for it: for how long, and what each knows of the other.
use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::oneshot,
    time::{timeout, timeout_at},
};

use crate::{
    error::{Error, REQUEST_ID, Result, request_id},
    traces::Job,
};

/// For how much longer than agreed a job that has begun is waited for: the database itself ends
/// what takes too long, and then it is known for certain that nothing was done.
pub const GRACE: Duration = Duration::from_millis(500);

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    Queued,
    Begun,
    /// What it did may be committed from here on.
    Committing,
    /// Nobody waits for it any more.
    Abandoned,
}

/// The phase, as both sides see it.
#[derive(Clone)]
struct Shared(Arc<AtomicU8>);

impl Shared {
    fn new() -> Self {
        Self(Arc::new(AtomicU8::new(Phase::Queued as u8)))
    }

    /// Goes from one phase to the next; `false` where it was in another.
    fn advance(&self, from: Phase, to: Phase) -> bool {
        let (from, to) = (from as u8, to as u8);
        self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn is(&self, phase: Phase) -> bool {
        self.0.load(Ordering::Acquire) == phase as u8
    }
}

/// The job's end of the agreement.
pub struct Turn<T> {
    phase: Shared,
    answer: oneshot::Sender<Result<T>>,
    deadline: Instant,
    request_id: String,
    /// Ends with the answer.
    span: Job,
}

/// The end of whoever waits.
pub struct Wait<T> {
    phase: Shared,
    answer: oneshot::Receiver<Result<T>>,
    deadline: Instant,
}

/// Makes both ends, for a job in the lane of this name that has to be done by then.
pub fn turn<T>(lane: &'static str, deadline: Instant) -> (Turn<T>, Wait<T>) {
    let (phase, (answers, answer)) = (Shared::new(), oneshot::channel());
    let (request_id, span) = (request_id(), Job::queued(lane));
    let wait = Wait { phase: phase.clone(), answer, deadline };
    (Turn { phase, answer: answers, deadline, request_id, span }, wait)
}

impl<T> Turn<T> {
    /// Whether the job is still wanted, which begins now.
    pub fn begin(&mut self) -> bool {
        self.span.begun();
        self.phase.advance(Phase::Queued, Phase::Begun)
    }

    /// Whether what was done is still wanted. If so, whoever stops waiting from here on is told
    /// that nobody knows what becomes of it; if not, they have been told that nothing was done.
    pub fn commit(&self) -> bool {
        self.phase.advance(Phase::Begun, Phase::Committing) || self.phase.is(Phase::Committing)
    }

    /// When it has to be done.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Does `work` in the name of the request that asked for the job.
    pub fn within<R>(&self, work: impl FnOnce() -> R) -> R {
        REQUEST_ID.sync_scope(self.request_id.clone(), work)
    }

    /// Tells what came of it.
    pub fn answer(self, answer: Result<T>) {
        // Whoever waited may have gone.
        let _ = self.answer.send(answer);
    }
}

impl<T> Wait<T> {
    /// Waits for what comes of the job until its deadline, and a little longer if it has begun.
    pub async fn answer(mut self) -> Result<T> {
        let mut waited = timeout_at(self.deadline.into(), &mut self.answer).await;
        if waited.is_err() {
            if self.phase.advance(Phase::Queued, Phase::Abandoned) {
                return Err(Error::Unavailable("no connection was free in time".into()));
            }
            waited = timeout(GRACE, &mut self.answer).await;
        }
        match waited {
            Ok(answer) => answer.map_err(Error::internal)?,
            Err(_) if self.phase.advance(Phase::Begun, Phase::Abandoned) => {
                Err(Error::Unavailable("the database did not answer in time".into()))
            }
            Err(_) => Err(Error::OutcomeUnknown("the commit was not answered in time".into())),
        }
    }
}

/// A job that nobody waits for any more when its turn comes is not begun.
impl<T> Drop for Wait<T> {
    fn drop(&mut self) {
        self.phase.advance(Phase::Queued, Phase::Abandoned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past() -> Instant {
        Instant::now().checked_sub(GRACE).unwrap()
    }

    #[actix_web::test]
    async fn what_nobody_waits_for_is_not_begun() {
        let (mut turn, wait) = turn::<()>("test", past());
        assert!(matches!(wait.answer().await, Err(Error::Unavailable(_))));
        assert!(!turn.begin());
        let (mut turn, wait) = super::turn::<()>("test", past());
        drop(wait);
        assert!(!turn.begin());
    }

    #[actix_web::test]
    async fn what_has_begun_is_not_committed_once_nobody_waits() {
        let (mut turn, wait) = turn::<()>("test", past());
        assert!(turn.begin());
        assert!(matches!(wait.answer().await, Err(Error::Unavailable(_))));
        assert!(!turn.commit());
    }

    #[actix_web::test]
    async fn what_may_be_committed_has_an_unknown_outcome() {
        let (mut turn, wait) = turn::<()>("test", past());
        assert!(turn.begin() && turn.commit());
        assert!(matches!(wait.answer().await, Err(Error::OutcomeUnknown(_))));
        // It may have been undone after it was tried the first time.
        assert!(turn.commit());
    }

    #[actix_web::test]
    async fn who_asked_and_left_still_has_it_done() {
        let (mut turn, wait) = turn::<()>("test", past());
        assert!(turn.begin());
        drop(wait);
        assert!(turn.commit());
    }
}
