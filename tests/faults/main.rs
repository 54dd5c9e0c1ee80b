//! What becomes of acknowledged work when the program, the database or the disk fails.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed test should stop")]
mod caller;
#[path = "../api/support/cluster.rs"]
#[expect(dead_code, reason = "other suites need more of it")]
mod cluster;
mod crowd;
mod desk;
mod disk;
#[path = "../api/support/engines.rs"]
#[expect(dead_code, reason = "other suites need more of it")]
mod engines;
mod frozen;
mod kill;
mod log;
mod newsroom;
mod outage;
mod pooler;
mod power;
#[path = "../program/process.rs"]
mod process;
mod proxy;
mod purging;
mod replica;
mod shift;
mod stale;
mod stop;
mod suspended;
mod whole;
