//! Metric channels and outputs.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_protocol::metric::from_channel;

fuzz_target!(|data: &[u8]| {
    let _ = from_channel(data);
});
