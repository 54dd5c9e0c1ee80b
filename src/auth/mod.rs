//! Who is calling and what they may do.
mod derived;
pub mod guard;
pub mod model;
pub mod passwords;
mod queries;
pub mod roles;
pub mod session;
mod throttle;
pub mod tokens;
