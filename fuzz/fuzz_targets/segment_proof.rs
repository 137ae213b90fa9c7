//! Segment proofs from a storage node.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_content::Root;
use orv_content::merkle::{SegmentProof, Shape};

fuzz_target!(|data: &[u8]| {
    let Some((root, rest)) = data.split_first_chunk::<32>() else { return };
    let Some((numbers, rest)) = rest.split_first_chunk::<16>() else { return };
    let (size, index) = numbers.split_at(8);
    let size = u64::from_be_bytes(size.try_into().expect("eight bytes")) >> 24;
    let index = u64::from_be_bytes(index.try_into().expect("eight bytes")) >> 40;
    let (Ok(shape), Some(end)) = (Shape::of(size), rest.iter().position(|byte| *byte == 0)) else { return };
    let (json, segment) = rest.split_at(end);
    if let Ok(proof) = serde_json::from_slice::<SegmentProof>(json) {
        let _ = proof.verify(&Root(*root), &shape, index, segment);
    }
});
