//! Progress: whatever takes longer than a second says how far it is.
use std::{convert::Infallible, thread, time::Duration};

use crossbeam_channel::{RecvTimeoutError, bounded};

/// How often it is told, and how long something may take before that is worth a word.
const TOLD: Duration = Duration::from_secs(1);

/// Does `work`, and logs every second what `line` says then.
pub fn telling<T>(mut line: impl FnMut() -> String + Send, work: impl FnOnce() -> T) -> T {
    every(TOLD, || tracing::info!("{}", line()), work)
}

/// Does `work`, and `tick` after each such time, on a thread of its own.
pub fn every<T>(time: Duration, mut tick: impl FnMut() + Send, work: impl FnOnce() -> T) -> T {
    let (working, done) = bounded::<Infallible>(0);
    thread::scope(|scope| {
        scope.spawn(move || {
            while done.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
                tick();
            }
        });
        // Dropped at the end of the work, whether that returns or panics.
        let _working = working;
        work()
    })
}
