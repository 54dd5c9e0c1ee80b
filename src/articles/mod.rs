//! Articles: working copies, their bodies and workflow, and the editions made of them.
pub mod access;
pub mod actions;
pub mod blocks;
mod checks;
pub mod editions;
pub mod ground;
pub mod importing;
pub mod input;
pub mod integrity;
pub mod manage;
pub mod model;
pub mod publishing;
pub mod queries;
pub mod references;
pub mod related;
pub mod saving;
pub mod spans;
pub mod workflow;
