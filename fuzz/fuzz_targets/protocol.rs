//! protocol.json and openresearch.json.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_protocol::document::Protocol;
use orv_protocol::project::ProjectManifest;

fuzz_target!(|data: &[u8]| {
    let _ = Protocol::parse(data);
    let _ = ProjectManifest::parse(data);
});
