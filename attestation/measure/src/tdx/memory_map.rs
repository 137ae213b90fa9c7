//! Which memory QEMU (machine q35) gives a trust domain, and which of it is there before launch.

use super::{SectionKind, Tdvf};
use crate::firmware::FOUR_GIB;

/// Memory from this size on leaves a larger hole below 4 GiB.
const LARGE: u64 = 0xb000_0000;
/// What then lies below it.
const LOW: u64 = 0x8000_0000;

/// Why there is no such memory map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    /// A section of the firmware lies outside memory, or over another.
    #[error("the section at {address:#x} of {length:#x} bytes does not lie in free memory of {memory:#x} bytes")]
    Section {
        /// First byte.
        address: u64,
        /// In bytes.
        length: u64,
        /// All memory, in bytes.
        memory: u64,
    },
    /// The firmware asks for no place for the description of memory.
    #[error("the firmware has no section for hand-off blocks")]
    NoHandOffBlocks,
}

/// A range of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) state: State,
}

/// Whether firmware has to accept a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Accepted,
    Unaccepted,
}

/// How much of `memory` lies below 4 GiB.
pub(super) fn below_four_gib(memory: u64) -> u64 {
    if memory >= LARGE { LOW } else { memory }
}

/// The ranges by address: two of unaccepted memory at most, and in them the firmware's own.
pub(super) fn ranges(firmware: &Tdvf<'_>, memory: u64) -> Result<Vec<Range>, MemoryError> {
    let below = below_four_gib(memory);
    let above = memory.saturating_sub(below);
    let unaccepted = |start: u64, length: u64| Range {
        start,
        end: start.saturating_add(length),
        state: State::Unaccepted,
    };
    let mut ranges = vec![unaccepted(0, below)];
    if above > 0 {
        ranges.push(unaccepted(FOUR_GIB, above));
    }
    for section in firmware.sections() {
        if matches!(section.kind, SectionKind::HandOffBlocks | SectionKind::TemporaryMemory) {
            let (address, length) = (section.address, section.length);
            ranges = accept(ranges, address, address.saturating_add(length)).ok_or(MemoryError::Section {
                address,
                length,
                memory,
            })?;
        }
    }
    ranges.sort_by_key(|range| range.start);
    Ok(ranges)
}

/// Cuts `start..end` out of the unaccepted range around it.
fn accept(mut ranges: Vec<Range>, start: u64, end: u64) -> Option<Vec<Range>> {
    let around = ranges
        .iter()
        .position(|range| range.state == State::Unaccepted && range.start <= start && end <= range.end)?;
    let around = ranges.swap_remove(around);
    let state = State::Unaccepted;
    let parts = [
        Range {
            start: around.start,
            end: start,
            state,
        },
        Range {
            start,
            end,
            state: State::Accepted,
        },
        Range {
            start: end,
            end: around.end,
            state,
        },
    ];
    ranges.extend(parts.into_iter().filter(|range| range.start < range.end));
    Some(ranges)
}
