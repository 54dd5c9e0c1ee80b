//! Tags: the subjects of articles, and the slugs that readers find them by.
pub mod integrity;
pub mod queries;
