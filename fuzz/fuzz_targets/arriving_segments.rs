//! Segments of a content in any order, sizes and places that a sender chose.

#![no_main]

use std::ops::Range;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use orv_content::merkle::{Builder, Commitment, Length, SEGMENT_BYTES};

const SEGMENT: usize = SEGMENT_BYTES as usize;

static CONTENT: LazyLock<Vec<u8>> = LazyLock::new(|| (0..24 * SEGMENT).map(|index| (index % 251) as u8).collect());

fuzz_target!(|data: &[u8]| {
    let Some(([exact, limit], calls)) = data.split_first_chunk::<2>() else { return };
    let limit = u64::from(*limit) * (SEGMENT_BYTES / 32);
    let length = if exact % 2 == 0 { Length::AtMost(limit) } else { Length::Exactly(limit) };
    let mut builder = Builder::new(length);
    let mut known: Vec<Range<usize>> = Vec::new();
    for [place, high, low] in calls.as_chunks::<3>().0.iter().take(24) {
        // The greatest lengths mean a whole segment, or fuzzing would rarely hit one.
        let length = match u16::from_be_bytes([*high, *low]) {
            0xc000.. => SEGMENT,
            length => usize::from(length) * 8,
        };
        let put = place & 1 == 0;
        let start = if put { usize::from(place >> 1) % 16 * SEGMENT } else { builder.appended() as usize };
        let Some(piece) = CONTENT.get(start..start + length) else { return };
        let taken = if put {
            builder.put_segment((start / SEGMENT) as u64, piece)
        } else {
            builder.append(piece)
        };
        if taken.is_ok() && length > 0 {
            assert!(known.iter().all(|range| range.end <= start || start + length <= range.start), "bytes were taken twice");
            known.push(start..start + length);
        }
    }
    if let Ok(commitment) = builder.finish() {
        known.sort_by_key(|range| range.start);
        let end = known.iter().fold(0, |end, range| {
            assert_eq!(range.start, end, "a gap has a root");
            range.end
        });
        assert_eq!(commitment, Commitment::of(&CONTENT[..end]).expect("some bytes"));
    }
});
