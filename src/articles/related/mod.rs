//! Related links: what an article's working copy points readers to.
pub mod loose;
pub mod manage;
pub mod model;
pub mod queries;
