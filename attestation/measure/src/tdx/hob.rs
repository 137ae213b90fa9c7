//! The hand-off blocks by which QEMU describes memory to the firmware (UEFI PI, volume 3).

use super::memory_map::{self, MemoryError, State};
use super::{SectionKind, Tdvf};

const HAND_OFF: u16 = 1;
const HAND_OFF_LENGTH: u16 = 56;
const HAND_OFF_VERSION: u32 = 9;
const RESOURCE: u16 = 3;
const RESOURCE_LENGTH: u16 = 48;
const SYSTEM_MEMORY: u32 = 0;
const UNACCEPTED_MEMORY: u32 = 7;
/// Present, initialized, tested.
const ATTRIBUTES: u32 = 7;
/// The block that ends the list. It is in the list's end address, but not measured.
const END_LENGTH: u64 = 8;

/// The bytes that the firmware measures: everything before the block that ends the list.
pub(super) fn measured_blocks(firmware: &Tdvf<'_>, memory: u64) -> Result<Vec<u8>, MemoryError> {
    let place = firmware
        .first(SectionKind::HandOffBlocks)
        .ok_or(MemoryError::NoHandOffBlocks)?;
    let mut resources = Vec::new();
    for range in memory_map::ranges(firmware, memory)? {
        let kind = match range.state {
            State::Accepted => SYSTEM_MEMORY,
            State::Unaccepted => UNACCEPTED_MEMORY,
        };
        header(&mut resources, RESOURCE, RESOURCE_LENGTH);
        resources.extend([0; 16]); // owner
        resources.extend(kind.to_le_bytes());
        resources.extend(ATTRIBUTES.to_le_bytes());
        resources.extend(range.start.to_le_bytes());
        resources.extend(range.end.saturating_sub(range.start).to_le_bytes());
    }
    let length = u64::from(HAND_OFF_LENGTH) + resources.len() as u64 + END_LENGTH;
    let end = place.address.saturating_add(length);
    let mut blocks = Vec::new();
    header(&mut blocks, HAND_OFF, HAND_OFF_LENGTH);
    blocks.extend(HAND_OFF_VERSION.to_le_bytes());
    blocks.extend([0; 4 + 4 * 8]); // boot mode; limits of memory and of free memory
    blocks.extend(end.to_le_bytes());
    blocks.append(&mut resources);
    Ok(blocks)
}

fn header(blocks: &mut Vec<u8>, kind: u16, length: u16) {
    blocks.extend(kind.to_le_bytes());
    blocks.extend(length.to_le_bytes());
    blocks.extend([0; 4]);
}
