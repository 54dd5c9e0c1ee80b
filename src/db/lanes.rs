//! Lanes: bounded queues, and threads with one connection each that work them off.
use std::{
    io,
    sync::{
        Arc, Barrier,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender, bounded};
use tokio::{sync::oneshot, time::timeout};

use super::slot::Slot;
use crate::{
    error::{Error, REQUEST_ID, Result, request_id},
    traces::Job,
};

/// How many jobs may wait in one lane before new ones are turned away.
const QUEUE: usize = 1024;

/// A queue of jobs and the threads that work on it. The threads end with the last handle.
pub struct Lane<J> {
    /// What the lane is for.
    pub name: &'static str,
    orders: Sender<Order<J>>,
    threads: usize,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    busy: AtomicU64,
    refused: AtomicU64,
}

/// How busy a lane is.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Connections there may be.
    pub threads: u64,
    /// Of these, at work just now.
    pub busy: u64,
    /// Jobs that wait.
    pub waiting: u64,
    /// Jobs turned away since the start.
    pub refused: u64,
}

// Derived, it would ask the same of the jobs.
impl<J> Clone for Lane<J> {
    fn clone(&self) -> Self {
        let (orders, counts) = (self.orders.clone(), Arc::clone(&self.counts));
        Self { name: self.name, orders, threads: self.threads, counts }
    }
}

/// What a thread is told to do.
enum Order<J> {
    Work(J),
    /// Close the connection and wait for the others to have done so.
    Rest(Arc<Barrier>, oneshot::Sender<()>),
}

/// What waits in a lane.
pub struct Waiting<J> {
    orders: Receiver<Order<J>>,
    /// Not a job, and met while looking for one.
    met: Option<Order<J>>,
}

impl<J> Waiting<J> {
    /// The next job, if one waits already.
    pub fn next(&mut self) -> Option<J> {
        if self.met.is_some() {
            return None;
        }
        match self.orders.try_recv().ok()? {
            Order::Work(job) => Some(job),
            rest @ Order::Rest(..) => {
                self.met = Some(rest);
                None
            }
        }
    }

    /// Waits for something to do; `None` when nobody is left who could ask.
    fn order(&mut self) -> Option<Order<J>> {
        self.met.take().or_else(|| self.orders.recv().ok())
    }
}

impl<J: Send + 'static> Lane<J> {
    /// Starts `threads` threads that each do `work` with a slot of their own. Besides the job in
    /// hand it may take more of those that wait.
    pub fn start(
        name: &'static str,
        threads: usize,
        slot: &Slot,
        work: impl Fn(&mut Slot, J, &mut Waiting<J>) + Copy + Send + 'static,
    ) -> io::Result<Self> {
        let (orders, waiting) = bounded(QUEUE);
        let counts = Arc::<Counts>::default();
        for number in 0..threads {
            let mut slot = slot.another();
            let mut waiting = Waiting { orders: waiting.clone(), met: None };
            let counts = Arc::clone(&counts);
            thread::Builder::new().name(format!("{name}-{number}")).spawn(move || {
                while let Some(order) = waiting.order() {
                    match order {
                        Order::Work(job) => {
                            counts.busy.fetch_add(1, Ordering::Relaxed);
                            work(&mut slot, job, &mut waiting);
                            counts.busy.fetch_sub(1, Ordering::Relaxed);
                        }
                        Order::Rest(all, done) => {
                            slot.close();
                            all.wait();
                            let _ = done.send(());
                        }
                    }
                }
            })?;
        }
        Ok(Self { name, orders, threads, counts })
    }

    /// Puts a job at the end of the queue.
    pub fn queue(&self, job: J) -> Result<()> {
        self.send(Order::Work(job))
    }

    /// Has every thread close its connection.
    pub async fn rest(&self) -> Result<()> {
        // Each waits for the others, so that none takes two of the orders and leaves one out.
        let all = Arc::new(Barrier::new(self.threads));
        let mut closed = Vec::new();
        for _ in 0..self.threads {
            let (done, is_done) = oneshot::channel();
            self.send(Order::Rest(Arc::clone(&all), done))?;
            closed.push(is_done);
        }
        for is_done in closed {
            is_done.await.map_err(Error::internal)?;
        }
        Ok(())
    }

    fn send(&self, order: Order<J>) -> Result<()> {
        self.orders.try_send(order).map_err(|_| {
            self.counts.refused.fetch_add(1, Ordering::Relaxed);
            Error::Unavailable("the queue is full".into())
        })
    }

    /// How busy it is just now.
    pub fn load(&self) -> Load {
        Load {
            threads: self.threads as u64,
            busy: self.counts.busy.load(Ordering::Relaxed),
            waiting: self.orders.len() as u64,
            refused: self.counts.refused.load(Ordering::Relaxed),
        }
    }
}

/// A job's end of the agreement with whoever waits for it: either the job begins, or they give
/// up, never both.
pub struct Turn<T> {
    begun: Option<oneshot::Sender<()>>,
    answer: oneshot::Sender<Result<T>>,
    request_id: String,
    /// Ends with the answer.
    span: Job,
}

/// The other end.
pub struct Wait<T> {
    begun: oneshot::Receiver<()>,
    answer: oneshot::Receiver<Result<T>>,
}

/// Makes both ends, for a job in the lane of this name.
pub fn turn<T>(lane: &'static str) -> (Turn<T>, Wait<T>) {
    let (begins, begun) = oneshot::channel();
    let (answers, answer) = oneshot::channel();
    let (request_id, span) = (request_id(), Job::queued(lane));
    (Turn { begun: Some(begins), answer: answers, request_id, span }, Wait { begun, answer })
}

impl<T> Turn<T> {
    /// Whether the job is still wanted. From here on it is waited for, however long it takes.
    pub fn begin(&mut self) -> bool {
        self.span.begun();
        self.begun.take().is_none_or(|begun| begun.send(()).is_ok())
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
    /// Waits for the job's turn, at most for `patience`, and then for its end.
    pub async fn answer(mut self, patience: Duration) -> Result<T> {
        if timeout(patience, &mut self.begun).await.is_err() {
            // Whichever of the two was first, closing or beginning, the other sees it.
            self.begun.close();
            if self.begun.try_recv() != Ok(()) {
                return Err(Error::Unavailable("no connection was free in time".into()));
            }
        }
        self.answer.await.map_err(Error::internal)?
    }
}
