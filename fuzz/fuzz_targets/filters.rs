#![no_main]
#[path = "../../tests/properties/filters.rs"]
mod filters;
#[path = "../../tests/properties/given.rs"]
mod given;

use libfuzzer_sys::{arbitrary::Unstructured, fuzz_target};

fuzz_target!(|data: &[u8]| {
    // Only where the data ran out is there an error, and nothing to be held.
    let _ = filters::holds(&mut Unstructured::new(data));
});
