//! Sections: the tree that every article hangs in.
pub mod deliver;
pub mod manage;
pub mod model;
pub mod queries;
pub mod tree;
