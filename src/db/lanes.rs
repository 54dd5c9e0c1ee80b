//! Lanes: bounded queues, and threads with one connection each that work them off.
use std::{
    convert::Infallible,
    io,
    sync::{
        Arc, Barrier,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

use crossbeam_channel::{Receiver, Sender, bounded};
use tokio::sync::oneshot;

use super::{
    slot::Slot,
    watchdog::{Limits, Task, Watch},
};
use crate::error::{Error, Result};

/// How many jobs may wait in one lane before new ones are turned away.
const QUEUE: usize = 1024;

/// A queue of jobs and the threads that work on it. The threads end with the last handle.
pub struct Lane<J> {
    /// What the lane is for.
    pub name: &'static str,
    orders: Sender<Order<J>>,
    threads: usize,
    watch: Arc<Watch>,
    refused: Arc<AtomicU64>,
    /// Goes with the last handle, and the watchdog with it.
    alive: Sender<Infallible>,
}

/// How busy a lane is.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Connections there may be.
    pub threads: u64,
    /// Of these, at work just now.
    pub busy: u64,
    /// Connections given up beside those, since the database never answered on them.
    pub abandoned: u64,
    /// Jobs that wait.
    pub waiting: u64,
    /// Jobs turned away since the start.
    pub refused: u64,
}

// Derived, it would ask the same of the jobs.
impl<J> Clone for Lane<J> {
    fn clone(&self) -> Self {
        Self {
            name: self.name,
            orders: self.orders.clone(),
            threads: self.threads,
            watch: Arc::clone(&self.watch),
            refused: Arc::clone(&self.refused),
            alive: self.alive.clone(),
        }
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

/// What it takes to start a thread of a lane.
struct Crew<J, W> {
    name: &'static str,
    started: AtomicUsize,
    slot: Slot,
    waiting: Receiver<Order<J>>,
    watch: Arc<Watch>,
    work: W,
}

impl<J, W> Crew<J, W>
where
    J: Send + 'static,
    W: Fn(&mut Slot, J, &mut Waiting<J>) + Copy + Send + 'static,
{
    /// Starts one more.
    fn start(&self) -> io::Result<Task> {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let (task, watch, work) = (Task::default(), Arc::clone(&self.watch), self.work);
        let (mut slot, own) = (self.slot.another(), task.clone());
        let mut waiting = Waiting { orders: self.waiting.clone(), met: None };
        thread::Builder::new().name(format!("{}-{number}", self.name)).spawn(move || {
            while let Some(order) = waiting.order() {
                match order {
                    Order::Work(job) => {
                        own.begin();
                        work(&mut slot, job, &mut waiting);
                        if !own.end() {
                            watch.is_back();
                            return;
                        }
                    }
                    Order::Rest(all, done) => {
                        slot.close();
                        all.wait();
                        let _ = done.send(());
                    }
                }
            }
        })?;
        Ok(task)
    }
}

impl<J: Send + 'static> Lane<J> {
    /// Starts `threads` threads that each do `work` with a slot of their own. Besides the job in
    /// hand it may take more of those that wait. Threads that are stuck are replaced up to these
    /// limits.
    pub fn start(
        name: &'static str,
        threads: usize,
        limits: Limits,
        slot: &Slot,
        work: impl Fn(&mut Slot, J, &mut Waiting<J>) + Copy + Send + 'static,
    ) -> io::Result<Self> {
        let (orders, waiting) = bounded(QUEUE);
        let watch = Arc::new(Watch::new(limits));
        let (started, slot) = (AtomicUsize::new(0), slot.another());
        let crew = Crew { name, started, slot, waiting, watch: Arc::clone(&watch), work };
        for _ in 0..threads {
            watch.add(crew.start()?);
        }
        let (stop, stopped) = bounded(0);
        thread::Builder::new()
            .name(format!("{name}-watch"))
            .spawn(move || crew.watch.run(name, &stopped, || crew.start()))?;
        Ok(Self { name, orders, threads, watch, refused: Arc::default(), alive: stop })
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
        let why = if self.watch.is_stuck() {
            "the database does not answer"
        } else if self.orders.try_send(order).is_err() {
            "the queue is full"
        } else {
            return Ok(());
        };
        self.refused.fetch_add(1, Ordering::Relaxed);
        Err(Error::Unavailable(why.into()))
    }

    /// How busy it is just now.
    pub fn load(&self) -> Load {
        Load {
            threads: self.threads as u64,
            busy: self.watch.busy() as u64,
            abandoned: self.watch.abandoned() as u64,
            waiting: self.orders.len() as u64,
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
}
