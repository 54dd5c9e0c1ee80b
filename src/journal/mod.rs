//! The journal, for those who may read it.
pub mod integrity;
pub mod manage;
