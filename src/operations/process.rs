//! What the process takes of the machine, under the names that all of Prometheus' clients use.
use std::fs;

use rlimit::Resource;
use rustix::time::{ClockId, clock_gettime};

use super::{metrics::StartedAt, page::Page};

/// Puts the figures on the page; those that only Linux tells are left out elsewhere.
pub fn show(page: &Page<'_>, started: Option<&StartedAt>) -> prometheus::Result<()> {
    if let Some(StartedAt(at)) = started {
        let help = "Start time of the process since unix epoch in seconds.";
        page.gauge("process_start_time_seconds", help, at.seconds())?;
    }
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    if let Ok(seconds) = u32::try_from(cpu.tv_sec) {
        let help = "Total user and system CPU time spent in seconds.";
        let seconds = f64::from(seconds) + f64::from(u32::try_from(cpu.tv_nsec).unwrap_or(0)) / 1e9;
        page.seconds_total("process_cpu_seconds_total", help, seconds)?;
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = resident.and_then(|size| size.trim().trim_end_matches(" kB").parse::<u64>().ok());
    if let Some(kib) = kib {
        let help = "Resident memory size in bytes.";
        page.gauge("process_resident_memory_bytes", help, kib * 1024)?;
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        page.gauge("process_open_fds", "Number of open file descriptors.", open.count())?;
    }
    if let Ok(most) = Resource::NOFILE.get_soft() {
        page.gauge("process_max_fds", "Maximum number of open file descriptors.", most)?;
    }
    Ok(())
}
