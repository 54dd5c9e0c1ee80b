//! The end of serving: the signal that asks for it, and what the log says of how it went.
use std::{
    future::Future,
    sync::{Arc, OnceLock},
    time::Instant,
};

use crate::{
    error::{Error, Result},
    http::meter::Meter,
};

/// Waits for the signal, and knows afterwards which one it was.
pub struct Stop {
    meter: Meter,
    asked: Arc<OnceLock<Asked>>,
}

/// What was true when the server was asked to stop.
struct Asked {
    signal: &'static str,
    at: Instant,
    abandoned: u64,
}

impl Stop {
    /// Nobody has asked yet.
    pub fn new(meter: Meter) -> Self {
        Self { meter, asked: Arc::default() }
    }

    /// Listens to signals from now on; comes to its end at the first one.
    pub fn asked(&self) -> Result<impl Future<Output = ()> + Send + 'static> {
        let (meter, asked) = (self.meter.clone(), Arc::clone(&self.asked));
        let signal = signal()?;
        Ok(async move {
            let signal = signal.await;
            tracing::info!(signal, in_flight = meter.in_flight(), "stopping");
            let abandoned = meter.abandoned();
            asked.get_or_init(|| Asked { signal, at: Instant::now(), abandoned });
        })
    }

    /// Notes that the server has stopped: why, after how long, and how many requests that it had
    /// taken on are without an answer.
    pub fn note_end(&self) {
        let Some(Asked { signal, at, abandoned }) = self.asked.get() else {
            tracing::error!("stopped without having been asked to");
            return;
        };
        let duration_ms = at.elapsed().as_secs_f64() * 1000.0;
        // Some are being dropped just now, others were before.
        let unanswered = self.meter.abandoned().saturating_sub(*abandoned) + self.meter.in_flight();
        tracing::info!(signal, duration_ms, unanswered, "stopped");
    }
}

/// The next signal to stop, by its name: SIGTERM of whoever started the server, SIGINT of Ctrl-C.
#[cfg(unix)]
fn signal() -> Result<impl Future<Output = &'static str> + Send + 'static> {
    use std::{future::poll_fn, task::Poll};

    use tokio::signal::unix::{SignalKind, signal};

    let listen = |kind| signal(kind).map_err(Error::internal);
    let mut signals = [
        ("SIGTERM", listen(SignalKind::terminate())?),
        ("SIGINT", listen(SignalKind::interrupt())?),
    ];
    Ok(poll_fn(move |context| {
        let mut asked = signals.iter_mut().map(|(name, signal)| (*name, signal.poll_recv(context)));
        let first = asked.find(|(_, state)| state.is_ready());
        first.map_or(Poll::Pending, |(name, _)| Poll::Ready(name))
    }))
}

#[cfg(not(unix))]
fn signal() -> Result<impl Future<Output = &'static str> + Send + 'static> {
    Ok(async {
        // Where nothing can be waited for, it goes on.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    })
}
