//! Time since the machine was started, suspensions included: for whatever must not outlive one.
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Linux's `CLOCK_MONOTONIC`, which the standard library asks, stands still during a suspension;
/// elsewhere it goes on.
#[cfg(target_os = "linux")]
const CLOCK: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const CLOCK: ClockId = ClockId::Monotonic;

/// An instant of this machine's run, in time since its start. Never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BootTime(Duration);

impl BootTime {
    /// The present instant.
    pub fn now() -> Self {
        let time = clock_gettime(CLOCK);
        let (seconds, nanoseconds) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
        Self(Duration::new(seconds.unwrap_or_default(), nanoseconds.unwrap_or_default()))
    }

    /// From microseconds since the start.
    pub fn from_micros(micros: u64) -> Self {
        Self(Duration::from_micros(micros))
    }

    /// Microseconds since the start.
    pub fn micros(self) -> u64 {
        u64::try_from(self.0.as_micros()).unwrap_or(u64::MAX)
    }

    /// This instant, so much later.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        Self(self.0.saturating_add(time))
    }

    /// How long after `earlier` it is; nothing where it is before.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::{
        env, fs,
        process::{Command, Stdio},
    };

    use super::*;

    /// The kernel's own word, which counts suspensions.
    fn uptime() -> Duration {
        let text = fs::read_to_string("/proc/uptime").unwrap();
        Duration::from_secs_f64(text.split(' ').next().unwrap().parse().unwrap())
    }

    #[test]
    fn suspensions_count() {
        let before = uptime();
        let now = BootTime::now().0;
        // The kernel tells hundredths.
        let (from, to) = (before, uptime() + Duration::from_millis(10));
        assert!((from..=to).contains(&now), "{from:?} {now:?} {to:?}");
    }

    /// In a time namespace whose machine was suspended for a day, where one can be made.
    #[test]
    fn suspensions_count_after_one() {
        let suspended = ["--user", "--time", "--boottime", "86400"];
        let mut made = Command::new("unshare");
        made.args(suspended).arg("true").stderr(Stdio::null());
        if !made.status().is_ok_and(|done| done.success()) {
            return;
        }
        let test = ["--exact", "boot_time::tests::suspensions_count"];
        let done = Command::new("unshare")
            .args(suspended)
            .arg(env::current_exe().unwrap())
            .args(test)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && said.contains("1 passed"), "{said}");
    }
}
