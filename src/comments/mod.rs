//! Comments: what readers say under articles, and how moderators keep order.
pub mod closing;
pub mod decisions;
pub mod deliver;
pub mod flood;
pub mod gauges;
pub mod integrity;
pub mod manage;
pub mod model;
pub mod posting;
pub mod queries;
pub mod reports;
pub mod threads;
pub mod tree;
pub mod wording;
pub mod words;
