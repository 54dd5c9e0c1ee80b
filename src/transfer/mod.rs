//! Moving a whole newsroom: exports and imports between the databases.
pub mod export;
pub mod import;
mod line;
mod manifest;
mod place;
