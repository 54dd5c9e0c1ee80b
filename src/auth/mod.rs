//! Who is calling and what they may do.
pub mod guard;
pub mod model;
pub mod party;
pub mod passwords;
mod queries;
pub mod roles;
pub mod session;
pub mod tokens;
