//! Ad slots: the places where advertisements stand, and what may stand there.
pub mod deliver;
pub mod integrity;
pub mod manage;
pub mod model;
pub mod parts;
pub mod placing;
pub mod queries;
