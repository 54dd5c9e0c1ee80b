//! Words that comments are held or refused for, as the newsroom lists them.
pub mod manage;
pub mod model;
pub mod queries;
