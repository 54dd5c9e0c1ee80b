//! What every handler shares: readers of bodies, queries and headers, and shapes of answers.
pub mod answer;
pub mod body;
pub mod cache;
pub mod conditional;
pub mod cursor;
pub mod document;
pub mod gate;
pub mod idempotency;
mod json;
pub mod path;
mod plain;
pub mod problems;
pub mod query;
pub mod routes;
pub mod service;
pub mod settings;
pub mod strict;
pub mod union;
