//! Editions: the immutable, numbered snapshots that readers get.
pub mod feed;
pub mod integrity;
pub mod manage;
pub mod model;
pub mod queries;
pub mod retirement;
pub mod schedule;
pub mod shown;
pub mod timeline;
