//! Users: who works in the newsroom, in which roles.
pub mod access;
pub mod first;
pub mod integrity;
pub mod manage;
pub mod model;
pub mod queries;
