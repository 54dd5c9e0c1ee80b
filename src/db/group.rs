//! Group commit: on SQLite, writes that wait together share one transaction and its one sync.
use std::time::{Duration, Instant};

use super::{
    Conn,
    lanes::Waiting,
    slot::{Slot, savepoint},
};
use crate::error::Result;

/// How many writes may share a commit.
const MOST: usize = 256;
/// For how long writes are gathered at most, so that the first of them is not kept waiting.
const LONGEST: Duration = Duration::from_millis(50);

/// A write in the queue.
pub trait Write: Send {
    /// Whether it is still wanted.
    fn begin(&mut self) -> bool;
    /// When it has to be done.
    fn deadline(&self) -> Instant;
    /// Does the work and keeps what came of it. May be called again after what it did was undone.
    fn attempt(&mut self, conn: &mut Conn) -> Result<()>;
    /// Tells what became of the last attempt: committed, or undone for this reason.
    fn settle(self: Box<Self>, done: Result<()>);
}

/// Does this write, and on SQLite in the same transaction whatever else waits. Each keeps a
/// savepoint of its own, so that one that is refused leaves no trace; nobody is answered before
/// the commit, since a refusal, too, may be due to what is not committed yet.
pub fn write(slot: &mut Slot, first: Box<dyn Write>, waiting: &mut Waiting<Box<dyn Write>>) {
    together(slot, first, waiting);
    // After all have been answered.
    slot.tend_log();
}

fn together(slot: &mut Slot, mut first: Box<dyn Write>, waiting: &mut Waiting<Box<dyn Write>>) {
    if !first.begin() {
        return;
    }
    if !slot.shares_commits() {
        return alone(slot, first);
    }
    let deadline = first.deadline();
    let mut group = vec![first];
    let mut worked = false;
    let refusals = slot.transaction(deadline, |conn| {
        let mut refusals = Vec::new();
        let started = Instant::now();
        loop {
            let Some(write) = group.last_mut() else { return Ok(refusals) };
            match savepoint(conn, |conn| write.attempt(conn)) {
                Err(fault) if fault.is_fault() => return Err(fault),
                done => refusals.push(done),
            }
            if group.len() == MOST || started.elapsed() > LONGEST {
                break;
            }
            let wanted = std::iter::from_fn(|| waiting.next())
                .find_map(|mut write| write.begin().then_some(write));
            match wanted {
                Some(write) => group.push(write),
                None => break,
            }
        }
        worked = true;
        Ok(refusals)
    });
    match refusals {
        Ok(done) => group.into_iter().zip(done).for_each(|(write, done)| write.settle(done)),
        // A commit that failed may be found in the file all the same when it is opened again, so
        // nothing of it is done a second time.
        Err(fault) if worked => {
            for write in group {
                write.settle(Err(fault.for_another()));
            }
        }
        Err(fault) => match <[_; 1]>::try_from(group) {
            Ok([only]) => only.settle(Err(fault)),
            // One's fault is not its neighbours': everyone gets a transaction of their own.
            Err(group) => group.into_iter().for_each(|write| alone(slot, write)),
        },
    }
}

fn alone(slot: &mut Slot, mut write: Box<dyn Write>) {
    let done = slot.insist(write.deadline(), |conn| write.attempt(conn));
    write.settle(done);
}
