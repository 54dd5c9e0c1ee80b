//! Trouble: said once when it begins and once when it is over, with longer and longer pauses.
use std::{error::Error as _, fmt, time::Duration};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::post::Refusal;
use crate::error::Error;

/// The first pause; each after it is twice as long, and up to as much again by chance, so that
/// servers that failed together do not come back together.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(15);

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("it cannot be told: {0}")]
    Receiver(#[from] Refusal),
    #[error("the database fails: {}", Why(.0))]
    Database(#[from] Error),
}

/// What is behind an error whose own text is for callers of the API.
struct Why<'a>(&'a Error);

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.source() {
            Some(source) => write!(f, "{source}"),
            None => self.0.fmt(f),
        }
    }
}

/// Whether all is well, and if not, how long to wait until the next attempt.
#[derive(Default)]
pub struct Trouble(Option<ExponentialBackoff>);

impl Trouble {
    /// It went wrong; returns for how long to leave it alone.
    pub fn met(&mut self, origin: &str, failure: &Failure) -> Duration {
        let pauses = self.0.get_or_insert_with(|| {
            tracing::warn!("caches behind {origin} are not exact for now; {failure}");
            let growing = ExponentialBuilder::new().with_min_delay(FIRST).with_max_delay(LONGEST);
            growing.with_jitter().without_max_times().build()
        });
        tracing::debug!("tried in vain to tell {origin}: {failure}");
        pauses.next().unwrap_or(LONGEST)
    }

    /// It went well.
    pub fn is_over(&mut self, origin: &str) {
        if self.0.take().is_some() {
            tracing::info!("caches behind {origin} are exact again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_never_end() {
        let mut trouble = Trouble::default();
        let failure = Failure::Database(Error::NotFound);
        let pauses: Vec<Duration> =
            (0..100).map(|_| trouble.met("http://cache.example", &failure)).collect();
        assert!((FIRST..=FIRST * 2).contains(&pauses[0]));
        assert!(pauses[20..].iter().all(|pause| (LONGEST..=LONGEST * 2).contains(pause)));
        trouble.is_over("http://cache.example");
        assert!(trouble.met("http://cache.example", &failure) <= FIRST * 2);
    }
}
