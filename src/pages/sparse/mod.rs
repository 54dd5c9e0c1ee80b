//! Sparse answers: only the members that a client asked for, at addresses of their own, so that
//! what is answered anywhere else has all of its members.
pub mod deliver;
pub mod fields;
pub mod model;
