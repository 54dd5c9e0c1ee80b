//! Moving a whole newsroom: backups of a SQLite file, exports and imports between the databases.
pub mod backup;
pub mod export;
pub mod import;
mod line;
mod manifest;
mod place;
pub mod retention;
