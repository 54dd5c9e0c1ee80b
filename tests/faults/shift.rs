//! A shift: desks at work, and what can be seen of it from outside.
use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use crate::desk::Desk;

const LOOK: Duration = Duration::from_millis(5);
/// Far more than anything here should take.
const PATIENCE: Duration = Duration::from_mins(1);
/// Enough to see that it is no chance.
const SOME: u64 = 40;

#[derive(Default)]
pub struct Shift {
    over: AtomicBool,
    acknowledged: AtomicU64,
    refused: AtomicU64,
}

/// Has every desk work as long as `watch` takes.
pub fn under_load<T>(desks: &mut [Desk], watch: impl FnOnce(&Shift) -> T) -> T {
    let shift = Shift::default();
    thread::scope(|scope| {
        for desk in desks {
            scope.spawn(|| desk.work(&shift));
        }
        let end = shift.end();
        let seen = watch(&shift);
        drop(end);
        seen
    })
}

/// Ends the shift, even when what was to be seen was not.
pub struct End<'a>(&'a Shift);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Relaxed);
    }
}

impl Shift {
    /// Whatever happens, it is over once this is dropped.
    pub fn end(&self) -> End<'_> {
        End(self)
    }

    pub fn is_over(&self) -> bool {
        self.over.load(Relaxed)
    }

    /// What came of something that a desk has tried.
    pub fn tell(&self, acknowledged: bool) {
        let count = if acknowledged { &self.acknowledged } else { &self.refused };
        count.fetch_add(1, Relaxed);
    }

    /// Waits until desks have got on with their work.
    pub fn goes_on(&self) {
        grow(&self.acknowledged);
    }

    /// Waits until desks have been told to come again.
    pub fn is_refused(&self) {
        grow(&self.refused);
    }
}

fn grow(count: &AtomicU64) {
    let (started, enough) = (Instant::now(), count.load(Relaxed) + SOME);
    while count.load(Relaxed) < enough {
        assert!(started.elapsed() < PATIENCE, "nothing of the kind happens");
        thread::sleep(LOOK);
    }
}
