//! Work for the processor alone.

use std::hint::black_box;

/// Steps of the chain: about a tenth of a second.
const STEPS: u64 = 50_000_000;

/// System calls: some tens of milliseconds.
const CALLS: u32 = 300_000;

/// A chain in which every step needs the one before it.
pub(super) fn arithmetic() -> u64 {
    (0..black_box(STEPS)).fold(0x9e37_79b9_7f4a_7c15, |state: u64, step| {
        (state ^ (state >> 29))
            .wrapping_mul(0xbf58_476d_1ce4_e5b9)
            .wrapping_add(step)
    })
}

/// The cheapest call that the kernel has to answer itself.
pub(super) fn call() -> u32 {
    (0..CALLS).fold(0, |sum: u32, _| sum.wrapping_add(std::os::unix::process::parent_id()))
}
