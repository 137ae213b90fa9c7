//! Evidence envelopes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_evidence::{Context, Envelope};

fuzz_target!(|data: &[u8]| {
    if let Ok(envelope) = Envelope::decode(data) {
        assert_eq!(envelope.encode(), data, "an envelope has one form");
        let _ = Context::decode(&envelope.context);
    }
});
