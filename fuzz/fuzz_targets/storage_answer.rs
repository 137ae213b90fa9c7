//! Answers from an indexer, a storage node, or whoever serves an artifact index.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_storage::{ArtifactIndex, examine_answer};

fuzz_target!(|data: &[u8]| {
    examine_answer(data);
    let _ = ArtifactIndex::parse(data);
});
