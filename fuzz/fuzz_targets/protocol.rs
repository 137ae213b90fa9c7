//! protocol.json, explained, and openresearch.json.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_protocol::document::Protocol;
use orv_protocol::explain::explain;
use orv_protocol::project::ProjectManifest;

fuzz_target!(|data: &[u8]| {
    let explanation = explain(data, None);
    assert_eq!(explanation.protocol.is_some(), Protocol::parse(data).is_ok());
    let _ = ProjectManifest::parse(data);
});
