//! Receipt files, and every check on those that decode.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_receipt::{Receipt, check::check};

fuzz_target!(|data: &[u8]| {
    if let Ok(receipt) = Receipt::decode(data) {
        assert_eq!(receipt.encode(), data, "a receipt has one form");
        let _ = check(&receipt);
    }
});
