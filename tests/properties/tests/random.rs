//! Every property against random input, for a moment.
use std::time::Duration;

use arbtest::arbtest;
use broadsheet_properties as properties;

/// How long each property is tried.
const BUDGET: Duration = Duration::from_secs(2);

macro_rules! hold {
    ($($property:ident),+) => {$(
        #[test]
        fn $property() {
            arbtest(properties::$property::holds).budget(BUDGET).run();
        }
    )+};
}

hold! {
    ad_rules, blocks, canonical, cursors, filters, folding, merge_patch, slugs, targets, timeline, tokens
}
