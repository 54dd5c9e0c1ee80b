//! Media: pictures, films and recordings, and whom to credit for them.
pub mod credits;
pub mod deliver;
pub mod integrity;
pub mod manage;
pub mod model;
mod own;
pub mod queries;
