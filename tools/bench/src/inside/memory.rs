//! Work for the memory. What is timed touches pages that are there already, so that neither the page allocator nor the
//! control group's accounting is in the figure; [`fault`] is the opposite.

use super::timed;
use std::hint::black_box;
use std::io;

const BYTES: usize = 64 << 20;
const WORDS: usize = BYTES / 8;
const COPIES: usize = 16;
/// Steps of the chase: each waits for memory or a far cache.
const STEPS: usize = 1_000_000;
const PAGE: usize = 4096;

/// Two halves of 64 MiB.
pub(super) struct Buffers {
    from: Vec<u8>,
    to: Vec<u8>,
}

impl Buffers {
    pub(super) fn new() -> Self {
        Self {
            from: vec![1; BYTES / 2],
            to: vec![2; BYTES / 2],
        }
    }

    pub(super) fn timed_copy(mut self) -> io::Result<()> {
        timed(|| {
            for _ in 0..COPIES {
                black_box(&mut self.to).copy_from_slice(black_box(&self.from));
            }
        })
    }
}

/// One cycle through all words, in an order that no prefetcher follows.
pub(super) struct Cycle {
    next: Vec<usize>,
}

impl Cycle {
    pub(super) fn new() -> Self {
        // Sattolo's shuffle gives one cycle; the seed is fixed, so that both sides walk the same way.
        let mut draw = crate::statistics::Draw::from_seed(64);
        let mut next: Vec<usize> = (0..WORDS).collect();
        for last in (1..WORDS).rev() {
            next.swap(last, (draw.next() % last as u64) as usize);
        }
        Self { next }
    }

    pub(super) fn timed_chase(self) -> io::Result<()> {
        timed(|| (0..STEPS).fold(0, |at, _| self.next.get(at).copied().unwrap_or(0)))
    }
}

/// The first touch of every page of fresh memory.
pub(super) fn fault() -> usize {
    let mut fresh: Vec<u8> = Vec::with_capacity(BYTES);
    fresh.resize(BYTES, 1);
    fresh.iter().step_by(PAGE).map(|byte| usize::from(*byte)).sum()
}
