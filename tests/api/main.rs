//! The whole API over HTTP, in process, on every database at hand. Every answer that a test
//! receives is checked against the OpenAPI document.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed test should stop")]
mod ads;
mod articles;
mod comments;
mod media;
mod moderation;
mod sections;
mod session;
mod support;
mod users;
