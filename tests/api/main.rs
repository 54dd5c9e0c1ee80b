//! The whole API over HTTP, in process, on every database at hand. Every answer that a test
//! receives is checked against the OpenAPI document.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed test should stop")]
mod abuse;
mod ads;
mod articles;
mod backups;
mod cache;
mod comments;
mod contract;
mod demo;
mod exactness;
mod fixtures;
mod forged;
mod group;
mod health;
mod hostile;
mod importing;
mod journal;
mod limits;
mod media;
mod metrics;
mod migrations;
mod moderation;
mod pages;
mod press;
mod purge;
mod reports;
mod second_factor;
mod sections;
mod session;
mod settings;
mod support;
mod throttle;
mod traces;
mod transfer;
mod unseen;
mod users;
