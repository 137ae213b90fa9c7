//! Roots of contents that arrive in any order, or as a stream.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::{self, Read};

use orv_content::merkle::{
    BuildError, Builder, Commitment, EmptyContent, Engine, Length, SEGMENT_BYTES, StreamError, root_of,
};
use proptest::prelude::*;

const SEGMENT: usize = SEGMENT_BYTES as usize;

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 31 % 251) as u8).collect()
}

fn any_length() -> impl Strategy<Value = usize> {
    prop_oneof![
        1..3 * SEGMENT,
        (1..20_usize).prop_map(|segments| segments * SEGMENT),
        1..20 * SEGMENT
    ]
}

fn at_most(limit: usize) -> Builder {
    Builder::new(Length::AtMost(limit as u64))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn segments_in_any_order_behind_any_front_give_the_root_of_the_whole(
        length in any_length(),
        front in any::<prop::sample::Index>(),
        exact in any::<bool>(),
        order in any::<u64>(),
    ) {
        let bytes = content(length);
        let expected = Commitment { root: root_of(&bytes).unwrap(), length: length as u64 };
        let mut builder = Builder::new(if exact { Length::Exactly(length as u64) } else { Length::AtMost(length as u64) });
        // Whole segments are appended in uneven pieces, the others are put in an order that the seed decides.
        let front = front.index(length.div_ceil(SEGMENT) + 1) * SEGMENT;
        let mut rest: Vec<(u64, &[u8])> = (0..).zip(bytes.chunks(SEGMENT)).skip(front / SEGMENT).collect();
        rest.sort_by_key(|(index, _)| (index ^ order).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut pieces = bytes[..front.min(length)].chunks(300_001);
        loop {
            let (piece, segment) = (pieces.next(), rest.pop());
            if piece.is_none() && segment.is_none() {
                break;
            }
            if let Some(piece) = piece {
                builder.append(piece).unwrap();
            }
            if let Some((index, segment)) = segment {
                builder.put_segment(index, segment).unwrap();
                prop_assert_eq!(builder.put_segment(index, segment), Err(BuildError::Overlap { index }));
            }
        }
        prop_assert_eq!(builder.finish(), Ok(expected));
    }

    #[test]
    fn any_calls_end_in_the_root_of_what_they_describe_or_in_an_error(
        calls in prop::collection::vec((prop::option::of(0..4_u64), prop_oneof![Just(SEGMENT), 0..2 * SEGMENT]), 0..8),
    ) {
        let bytes = content(12 * SEGMENT);
        let mut builder = at_most(6 * SEGMENT);
        let mut known = vec![false; 20 * SEGMENT];
        for (index, length) in calls {
            let start = index.map_or(builder.appended() as usize, |index| index as usize * SEGMENT);
            let piece = &bytes[start..start + length];
            let taken = match index {
                Some(index) => builder.put_segment(index, piece),
                None => builder.append(piece),
            };
            if taken.is_ok() {
                prop_assert!(known[start..start + length].iter().all(|known| !known));
                known[start..start + length].fill(true);
            }
        }
        let length = known.iter().position(|known| !known).unwrap();
        let whole = known[length..].iter().all(|known| !known);
        match builder.finish() {
            Ok(commitment) => {
                prop_assert!(whole);
                prop_assert_eq!(commitment, Commitment::of(&bytes[..length]).unwrap());
            }
            Err(BuildError::Empty(EmptyContent)) => prop_assert!(whole && length == 0),
            Err(error) => prop_assert!(!whole, "{error}"),
        }
    }

    #[test]
    fn a_stream_has_the_root_of_its_bytes(length in any_length(), piece in 1..100_000_usize) {
        let bytes = content(length);
        let stream = InPieces { bytes: &bytes, piece };
        let commitment = Commitment::of_stream(&Engine::one_thread(), stream, length as u64).unwrap();
        prop_assert_eq!(commitment, Commitment::of(&bytes).unwrap());
    }
}

/// A stream that gives a few bytes at a time.
struct InPieces<'a> {
    bytes: &'a [u8],
    piece: usize,
}

impl Read for InPieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.piece);
        self.bytes.read(&mut buffer[..length])
    }
}

#[test]
fn a_stream_that_is_too_long_or_empty_has_no_commitment() {
    let of = |bytes: &[u8], limit| Commitment::of_stream(&Engine::one_thread(), bytes, limit);
    assert!(of(&[1; 10], 10).is_ok());
    assert!(matches!(of(&[1; 11], 10), Err(StreamError::TooLong { limit: 10 })));
    assert!(matches!(of(&[], 10), Err(StreamError::Empty(EmptyContent))));
}

#[test]
fn a_segment_comes_once() {
    let mut builder = at_most(9 * SEGMENT);
    builder.put_segment(2, &content(SEGMENT)).unwrap();
    assert_eq!(
        builder.put_segment(2, &content(SEGMENT)),
        Err(BuildError::Overlap { index: 2 })
    );
    assert_eq!(
        builder.append(&content(2 * SEGMENT + 1)),
        Err(BuildError::Overlap { index: 2 })
    );
    builder.append(&content(SEGMENT + 1)).unwrap();
    assert_eq!(
        builder.put_segment(0, &content(SEGMENT)),
        Err(BuildError::Overlap { index: 0 })
    );
    assert_eq!(
        builder.put_segment(1, &content(SEGMENT)),
        Err(BuildError::Overlap { index: 1 })
    );
}

#[test]
fn a_missing_segment_is_named() {
    let mut builder = at_most(9 * SEGMENT);
    builder.put_segment(1, &content(SEGMENT)).unwrap();
    builder.put_segment(3, &content(10)).unwrap();
    assert_eq!(builder.clone().finish(), Err(BuildError::Gap { index: 0 }));
    builder.append(&content(10)).unwrap();
    assert_eq!(builder.clone().finish(), Err(BuildError::Gap { index: 0 }));
    builder.append(&content(SEGMENT)[10..]).unwrap();
    assert_eq!(builder.clone().finish(), Err(BuildError::Gap { index: 2 }));
    builder.put_segment(2, &content(SEGMENT)).unwrap();
    assert_eq!(builder.finish().unwrap().length, 3 * SEGMENT_BYTES + 10);
    assert_eq!(at_most(9).finish(), Err(EmptyContent.into()));
}

#[test]
fn only_the_last_segment_may_be_shorter() {
    let wrong = |index, found| Err(BuildError::SegmentLength { index, found });
    let mut builder = at_most(9 * SEGMENT);
    assert_eq!(builder.put_segment(0, &[]), wrong(0, 0));
    assert_eq!(
        builder.put_segment(0, &content(SEGMENT + 1)),
        wrong(0, SEGMENT_BYTES + 1)
    );
    builder.put_segment(1, &content(10)).unwrap();
    let behind = BuildError::BeyondEnd { index: 2, last: 1 };
    assert_eq!(builder.put_segment(2, &content(SEGMENT)), Err(behind));
    let before = BuildError::BeyondEnd { index: 1, last: 0 };
    assert_eq!(builder.put_segment(0, &content(10)), Err(before));
    let mut builder = at_most(9 * SEGMENT);
    builder.put_segment(4, &content(SEGMENT)).unwrap();
    let before = BuildError::BeyondEnd { index: 4, last: 3 };
    assert_eq!(builder.put_segment(3, &content(10)), Err(before));
}

#[test]
fn an_announced_length_is_kept() {
    let length = SEGMENT_BYTES + 10;
    let mut builder = Builder::new(Length::Exactly(length));
    let wrong = BuildError::SegmentLength { index: 1, found: 9 };
    assert_eq!(builder.put_segment(1, &content(9)), Err(wrong));
    let long = BuildError::TooLong {
        length: SEGMENT_BYTES + 11,
        limit: length,
    };
    assert_eq!(builder.put_segment(1, &content(11)), Err(long.clone()));
    assert_eq!(builder.append(&content(SEGMENT + 11)), Err(long));
    assert!(matches!(
        builder.put_segment(u64::MAX, &[1]),
        Err(BuildError::TooLong { .. })
    ));
    builder.put_segment(0, &content(SEGMENT)).unwrap();
    let short = BuildError::WrongLength {
        expected: length,
        found: SEGMENT_BYTES,
    };
    assert_eq!(builder.clone().finish(), Err(short));
    builder.put_segment(1, &content(10)).unwrap();
    assert_eq!(builder.finish().unwrap().length, length);
}
