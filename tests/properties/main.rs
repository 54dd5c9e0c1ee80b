//! What holds for whatever comes from outside. Here the input is made up at random for a moment;
//! `fuzz/` holds the same properties against input that is grown to reach every branch.
#![expect(clippy::unwrap_used, reason = "a panic is a failed property")]
mod blocks;
mod cursors;
mod filters;
mod folding;
mod given;
mod merge_patch;
mod slugs;
mod tokens;

use std::time::Duration;

use arbtest::arbtest;

/// How long each property is tried.
const BUDGET: Duration = Duration::from_secs(2);

macro_rules! properties_hold {
    ($($property:ident),+) => {$(
        #[test]
        fn $property() {
            arbtest($property::holds).budget(BUDGET).run();
        }
    )+};
}

properties_hold! { blocks, cursors, filters, folding, merge_patch, slugs, tokens }
