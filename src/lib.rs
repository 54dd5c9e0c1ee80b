//! Broadsheet: a headless news CMS. Start reading at `app`.
/// Answers are made of many small pieces, which this allocator serves faster than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod ads;
pub mod app;
pub mod articles;
pub mod auth;
pub mod boot_time;
pub mod cli;
pub mod comments;
pub mod config;
pub mod db;
pub mod error;
pub mod http;
pub mod ids;
pub mod integrity;
pub mod journal;
pub mod media;
pub mod operations;
pub mod outbound;
pub mod pages;
pub mod private;
pub mod purge;
pub mod sections;
pub mod tags;
pub mod text;
pub mod time;
pub mod traces;
pub mod transfer;
pub mod users;
