//! Bundles, and the rule applied to those that decode.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_receipt::{Bundle, rule::decide};

fuzz_target!(|data: &[u8]| {
    if let Ok(bundle) = Bundle::decode(data) {
        assert_eq!(bundle.encode(), data, "a bundle has one form");
        let _ = decide(&bundle);
    }
});
