//! Reports: what readers hold against comments.
pub mod deliver;
pub mod manage;
pub mod model;
pub mod queries;
