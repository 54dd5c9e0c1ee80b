//! Moving a whole newsroom: backups of a SQLite file, exports and imports between the databases.
pub mod backup;
mod check;
pub mod export;
pub mod import;
pub mod integrity;
mod line;
mod manifest;
mod older;
mod place;
pub mod retention;
