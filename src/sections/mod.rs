//! Sections: the tree that every article hangs in.
pub mod deliver;
pub mod integrity;
pub mod manage;
mod merge;
pub mod model;
pub mod queries;
pub mod readable;
pub mod scope;
pub mod tree;
