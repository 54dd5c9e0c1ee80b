//! Pages: composes what readers get from several rooms at once.
pub mod address;
pub mod ads;
pub mod blocks;
pub mod compose;
pub mod deliver;
pub mod html;
pub mod lists;
pub mod manage;
pub mod model;
pub mod notes;
pub mod parts;
pub mod plain;
pub mod queries;
pub mod sparse;
pub mod targets;
