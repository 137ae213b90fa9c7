//! Roots by every engine against the rule as it is written down (0G Storage reference 1), computed the slow way.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::num::NonZeroUsize;

use alloy_primitives::keccak256;
use orv_content::Root;
use orv_content::merkle::{Engine, Implementation, RootHasher, SEGMENT_BYTES, Shape, root_with};
use proptest::prelude::*;

/// The rule: zero chunks up to the padded number, then one tree over all of them, an odd last node promoted.
fn root_by_the_rule(bytes: &[u8]) -> Root {
    let padded_chunks = Shape::of(bytes.len() as u64).unwrap().padded_chunks();
    let mut padded = bytes.to_vec();
    padded.resize(padded_chunks as usize * 256, 0);
    let mut level: Vec<[u8; 32]> = padded.chunks(256).map(|chunk| keccak256(chunk).0).collect();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => keccak256([*left, *right].as_flattened()).0,
                odd => odd[0],
            })
            .collect();
    }
    Root(level[0])
}

/// Every implementation of this processor, on one thread and on three.
fn engines() -> impl Iterator<Item = Engine> {
    let implementations = [
        Some(Implementation::portable()),
        Implementation::avx2(),
        Implementation::avx512(),
    ];
    implementations.into_iter().flatten().flat_map(|implementation| {
        [1, 3].map(|threads| {
            Engine::one_thread()
                .with_implementation(implementation)
                .with_threads(NonZeroUsize::new(threads).unwrap())
        })
    })
}

fn content(length: usize, seed: u8) -> Vec<u8> {
    (0..length).map(|index| (index * 31 % 251) as u8 ^ seed).collect()
}

#[test]
fn every_engine_gives_the_root_of_the_rule_around_each_boundary() {
    let segment = SEGMENT_BYTES as usize;
    let boundaries = [
        256,
        16 * 256,
        17 * 256,
        1023 * 256,
        segment,
        2 * segment,
        8 * segment,
        9 * segment,
        16 * segment,
    ];
    for boundary in boundaries {
        for length in [boundary - 1, boundary, boundary + 1, boundary + 300] {
            let bytes = content(length, 0);
            let expected = root_by_the_rule(&bytes);
            for engine in engines() {
                assert_eq!(root_with(&engine, &bytes), Ok(expected), "{length} {engine:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_engine_gives_the_root_of_the_rule(
        length in prop_oneof![1..20_000_usize, 1..6_000_000_usize],
        seed in any::<u8>(),
        piece in 1..3_000_000_usize,
    ) {
        let bytes = content(length, seed);
        let expected = root_by_the_rule(&bytes);
        for engine in engines() {
            prop_assert_eq!(root_with(&engine, &bytes), Ok(expected));
            let mut hasher = RootHasher::with(engine);
            bytes.chunks(piece).for_each(|piece| hasher.update(piece));
            prop_assert_eq!(hasher.finish(), Ok((expected, length as u64)));
        }
    }
}
