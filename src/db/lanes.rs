//! Lanes: threads that each keep one connection and take jobs from a bounded queue.
use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Barrier,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

use crossbeam_channel::{Receiver, Sender, bounded};
use tokio::sync::oneshot;

use super::{Access, Conn, dialect, instruments::Instruments};
use crate::{
    config::DatabaseUrl,
    error::{Error, REQUEST_ID, Result, request_id},
    traces::Job,
};

/// How many jobs may wait in one lane before new ones are turned away.
const QUEUE: usize = 1024;

type Work = Box<dyn FnOnce(&mut Slot) + Send>;

/// A queue of jobs and the threads that work on it. The threads end with the last handle.
#[derive(Clone)]
pub struct Lane {
    pub name: &'static str,
    jobs: Sender<Work>,
    threads: usize,
    busy: Arc<AtomicUsize>,
    refused: Arc<AtomicU64>,
}

/// How busy a lane is.
#[derive(Debug, Clone, Copy)]
pub struct LaneLoad {
    /// Connections there may be.
    pub threads: u64,
    /// Of these, at work just now.
    pub busy: u64,
    /// Jobs that wait.
    pub waiting: u64,
    /// Jobs turned away since the start.
    pub refused: u64,
}

/// One thread's connection, opened when first needed and again after it broke.
struct Slot {
    url: DatabaseUrl,
    access: Access,
    instruments: Arc<Instruments>,
    conn: Option<Conn>,
}

impl Lane {
    /// Starts `threads` threads.
    pub fn start(
        name: &'static str,
        threads: usize,
        url: &DatabaseUrl,
        access: Access,
        instruments: &Arc<Instruments>,
    ) -> io::Result<Self> {
        let (jobs, waiting) = bounded::<Work>(QUEUE);
        let (busy, refused) = <(Arc<AtomicUsize>, Arc<AtomicU64>)>::default();
        for number in 0..threads {
            let waiting: Receiver<Work> = waiting.clone();
            let (busy, instruments) = (Arc::clone(&busy), Arc::clone(instruments));
            let mut slot = Slot { url: url.clone(), access, instruments, conn: None };
            thread::Builder::new().name(format!("{name}-{number}")).spawn(move || {
                for job in waiting {
                    busy.fetch_add(1, Ordering::Relaxed);
                    job(&mut slot);
                    busy.fetch_sub(1, Ordering::Relaxed);
                }
            })?;
        }
        Ok(Self { name, jobs, threads, busy, refused })
    }

    /// Has one of the threads do `work`.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let (request, mut span) = (request_id(), Job::queued(self.name));
        self.queue(Box::new(move |slot: &mut Slot| {
            // Nobody waits any more: the client has gone before its turn came.
            if !answer.is_closed() {
                span.begun();
                let _ = answer.send(REQUEST_ID.sync_scope(request, || slot.run(work)));
            }
        }))?;
        answered.await.map_err(Error::internal)?
    }

    /// Has every thread close its connection.
    pub async fn rest(&self) -> Result<()> {
        // Each waits for the others, so that none takes two of the jobs and leaves one out.
        let all = Arc::new(Barrier::new(self.threads));
        let mut closed = Vec::new();
        for _ in 0..self.threads {
            let (done, is_done) = oneshot::channel();
            let all = Arc::clone(&all);
            self.queue(Box::new(move |slot: &mut Slot| {
                slot.conn = None;
                all.wait();
                let _ = done.send(());
            }))?;
            closed.push(is_done);
        }
        for is_done in closed {
            is_done.await.map_err(Error::internal)?;
        }
        Ok(())
    }

    fn queue(&self, job: Work) -> Result<()> {
        self.jobs.try_send(job).map_err(|_| {
            self.refused.fetch_add(1, Ordering::Relaxed);
            Error::Unavailable("the queue is full".into())
        })
    }

    /// How busy it is just now.
    pub fn load(&self) -> LaneLoad {
        LaneLoad {
            threads: self.threads as u64,
            busy: self.busy.load(Ordering::Relaxed) as u64,
            waiting: self.jobs.len() as u64,
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
}

impl Slot {
    fn run<T>(&mut self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.connect()?,
        };
        let done = catch_unwind(AssertUnwindSafe(|| work(&mut conn)))
            .unwrap_or_else(|_| Err(Error::internal("a database job panicked")));
        // After a fault of the database or of ours the connection's state is anyone's guess.
        if !matches!(done, Err(Error::Internal(_) | Error::Unavailable(_))) {
            self.conn = Some(conn);
        }
        done
    }

    fn connect(&self) -> Result<Conn> {
        let mut conn = dialect::connect(&self.url, self.access)?;
        self.instruments.watch(&mut conn, self.access);
        Ok(conn)
    }
}
