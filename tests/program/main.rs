//! The program as people run it: started from the command line, met over the network.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed test should stop")]
#[path = "../api/support/cluster.rs"]
#[expect(dead_code, reason = "other suites need more of it")]
mod cluster;
mod demo;
#[expect(dead_code, reason = "nothing here takes a cluster down")]
#[path = "../api/support/engines.rs"]
mod engines;
mod files;
mod heads;
mod log;
mod memory;
mod migrate;
mod process;
mod purge;
#[path = "../api/support/receiver.rs"]
mod receiver;
mod server;
mod slow;
mod tour;
mod transfer;
mod unreadable;
