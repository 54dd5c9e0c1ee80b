//! What holds for whatever comes from outside: each property makes up its input of the bytes it is
//! given. `tests/random.rs` gives it random ones, `fuzz/` such as grow to reach every branch.
#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a panic is a failed property")]
pub mod ad_rules;
pub mod blocks;
pub mod canonical;
pub mod cursors;
pub mod filters;
pub mod folding;
mod given;
pub mod merge_patch;
pub mod slugs;
pub mod targets;
pub mod timeline;
pub mod tokens;
