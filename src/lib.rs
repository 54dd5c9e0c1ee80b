//! Broadsheet: a headless news CMS. Start reading at `app`.
pub mod ads;
pub mod app;
pub mod articles;
pub mod auth;
pub mod cli;
pub mod comments;
pub mod config;
pub mod db;
pub mod error;
pub mod http;
pub mod ids;
pub mod media;
pub mod sections;
pub mod tags;
pub mod text;
pub mod time;
pub mod users;
