#![no_main]
use broadsheet_properties::canonical;
use libfuzzer_sys::{arbitrary::Unstructured, fuzz_target};

fuzz_target!(|data: &[u8]| {
    // Only where the data ran out is there an error, and nothing to be held.
    let _ = canonical::holds(&mut Unstructured::new(data));
});
