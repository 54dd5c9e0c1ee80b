//! Who is calling and what they may do.
mod client;
mod derived;
pub mod guard;
pub mod integrity;
pub mod me;
pub mod model;
pub mod party;
pub mod passwords;
mod queries;
pub mod roles;
pub mod second_factor;
pub mod session;
mod throttle;
pub mod tokens;
