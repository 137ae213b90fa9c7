//! Whatever the bytes, a reader answers with a value that has exactly these bytes, or with a typed error.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it did not expect"
)]

mod sample;

use orv_receipt::check::check;
use orv_receipt::rule::decide;
use orv_receipt::{Bundle, Receipt};
use proptest::prelude::*;
use sample::{bundle, receipt_of};
use std::sync::LazyLock;

/// A genuine bundle and receipt to start from.
static GENUINE: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(|| (bundle().encode(), receipt_of(&bundle()).encode()));

fn read_everything(bytes: &[u8]) {
    if let Ok(bundle) = Bundle::decode(bytes) {
        assert_eq!(bundle.encode(), bytes);
        let _ = decide(&bundle);
    }
    if let Ok(receipt) = Receipt::decode(bytes) {
        assert_eq!(receipt.encode(), bytes);
        let _ = check(&receipt);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        read_everything(&bytes);
    }

    #[test]
    fn a_genuine_document_with_some_bytes_changed_is_read_or_refused(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<proptest::sample::Index>(),
    ) {
        for genuine in [&GENUINE.0, &GENUINE.1] {
            let mut bytes = genuine.clone();
            for (index, value) in &changes {
                let index = index.index(bytes.len());
                bytes[index] = *value;
            }
            read_everything(&bytes);
            bytes.truncate(cut.index(bytes.len()));
            read_everything(&bytes);
        }
    }
}
