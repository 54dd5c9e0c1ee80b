//! The proxies' files as they are shipped, before the program as people run it.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed test should stop")]
#[path = "../api/support/cluster.rs"]
#[expect(dead_code, reason = "other suites need more of it")]
mod cluster;
#[path = "../api/support/engines.rs"]
#[expect(dead_code, reason = "other suites need more of it")]
mod engines;
mod freshness;
mod outage;
#[path = "../program/process.rs"]
mod process;
mod proxy;
mod reader;
mod refusals;
#[path = "../program/server.rs"]
#[expect(dead_code, reason = "other suites need more of it")]
mod server;
mod spoofing;
