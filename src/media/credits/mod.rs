//! Media credits: who must be named, once for all the media they made.
pub mod deliver;
pub mod manage;
pub mod model;
pub mod queries;
