//! Segments of a content in any order, sizes and places that a sender chose.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orv_content::merkle::{Builder, Commitment, Length, SEGMENT_BYTES};

const SEGMENT: usize = SEGMENT_BYTES as usize;

fuzz_target!(|data: &[u8]| {
    let Some(([exact, limit], calls)) = data.split_first_chunk::<2>() else { return };
    let limit = u64::from(*limit) * (SEGMENT_BYTES / 32);
    let length = if exact % 2 == 0 { Length::AtMost(limit) } else { Length::Exactly(limit) };
    let content: Vec<u8> = (0..24 * SEGMENT).map(|index| (index % 251) as u8).collect();
    let mut builder = Builder::new(length);
    let mut known = vec![false; 24 * SEGMENT];
    for [place, high, low] in calls.as_chunks::<3>().0.iter().take(24) {
        // The greatest lengths mean a whole segment, or fuzzing would rarely hit one.
        let length = match u16::from_be_bytes([*high, *low]) {
            0xff00.. => SEGMENT,
            length => usize::from(length) * 8,
        };
        let put = place & 1 == 0;
        let start = if put { usize::from(place >> 1) % 16 * SEGMENT } else { builder.appended() as usize };
        let Some(piece) = content.get(start..start + length) else { return };
        let taken = if put {
            builder.put_segment((start / SEGMENT) as u64, piece)
        } else {
            builder.append(piece)
        };
        if taken.is_ok() {
            assert!(known[start..start + length].iter().all(|known| !known), "bytes were taken twice");
            known[start..start + length].fill(true);
        }
    }
    if let Ok(commitment) = builder.finish() {
        let end = known.iter().position(|known| !known).expect("an end");
        assert!(known[end..].iter().all(|known| !known), "a gap has a root");
        assert_eq!(commitment, Commitment::of(&content[..end]).expect("some bytes"));
    }
});
