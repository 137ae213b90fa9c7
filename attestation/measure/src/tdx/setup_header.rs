//! How QEMU hands a kernel to firmware, and what it writes into the kernel's header before.
//!
//! The fields are those of the Linux x86 boot protocol; their values those of QEMU's `hw/i386/x86-common.c`.

use super::memory_map::below_four_gib;
use crate::reader::{Reader, Truncated};
use serde::Serialize;

/// What the firmware is given for the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KernelHandover {
    /// The file as it is: QEMU 10.2 and later, for every confidential guest.
    Unchanged,
    /// With a boot loader's fields filled in, which depend on the memory: QEMU before 10.2, for trust domains.
    Patched {
        /// Memory of the machine, in bytes.
        memory: u64,
    },
}

/// Why QEMU would not start the kernel like that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SetupHeaderError {
    /// The file ends before the header does.
    #[error("the kernel ends inside its setup header: {0}")]
    Truncated(#[from] Truncated),
    /// Not a bzImage, or one of before boot protocol 2.12 (Linux 3.8).
    #[error("the kernel is not a bzImage of boot protocol 2.12 or later")]
    Protocol,
    /// QEMU reads a video mode from it and writes that into the header; nobody needs it in a trust domain.
    #[error("the command line sets a video mode (vga=), which changes the kernel's header")]
    VideoMode,
    /// The initrd does not fit below the limit that kernel and memory set.
    #[error("an initrd of {initrd} bytes does not fit below {limit:#x}")]
    InitrdTooLarge {
        /// In bytes.
        initrd: u64,
        /// The last address that could be used.
        limit: u32,
    },
    /// The machine has less memory than QEMU keeps for ACPI tables.
    #[error("{0} bytes of memory are less than QEMU keeps for ACPI tables")]
    Memory(u64),
}

mod at {
    pub(super) const MAGIC: u64 = 0x202;
    pub(super) const TYPE_OF_LOADER: usize = 0x210;
    pub(super) const LOAD_FLAGS: usize = 0x211;
    pub(super) const RAMDISK_IMAGE: usize = 0x218;
    pub(super) const RAMDISK_SIZE: usize = 0x21c;
    pub(super) const HEAP_END: usize = 0x224;
    pub(super) const COMMAND_LINE: usize = 0x228;
    pub(super) const RAMDISK_LIMIT: u64 = 0x22c;
    pub(super) const EXTENDED_LOAD_FLAGS: u64 = 0x236;
}

/// QEMU, version 0.
const LOADER: u8 = 0xb0;
const LOADED_HIGH: u8 = 1;
const CAN_USE_HEAP: u8 = 0x80;
const CAN_BE_ABOVE_FOUR_GIB: u16 = 2;
const OLDEST_PROTOCOL: u16 = 0x20c;
/// What QEMU keeps of low memory for ACPI tables.
const ACPI_BYTES: u32 = 0x2_8000;
/// Where QEMU puts the setup code, and behind it the command line.
const SETUP: u32 = 0x1_0000;
const COMMAND_LINE: u32 = 0x2_0000;
/// The heap of the setup code ends so far below the command line.
const STACK: u32 = 0x200;

/// The kernel as QEMU before 10.2 hands it over.
pub(super) fn patched(kernel: &[u8], initrd: u64, memory: u64) -> Result<Vec<u8>, SetupHeaderError> {
    let mut magic = Reader::at(kernel, at::MAGIC)?;
    let is_image = magic.array()? == *b"HdrS" && magic.u16_le()? >= OLDEST_PROTOCOL;
    let flags = Reader::at(kernel, at::LOAD_FLAGS as u64)?.u8()?;
    if !is_image || flags & LOADED_HIGH == 0 {
        return Err(SetupHeaderError::Protocol);
    }
    let limit = match Reader::at(kernel, at::EXTENDED_LOAD_FLAGS)?.u16_le()? & CAN_BE_ABOVE_FOUR_GIB {
        0 => Reader::at(kernel, at::RAMDISK_LIMIT)?.u32_le()?,
        _ => u32::MAX,
    };
    // The field has 16 bits, and the value fits.
    let [heap_end @ .., _, _] = COMMAND_LINE.saturating_sub(SETUP).saturating_sub(STACK).to_le_bytes();
    let mut kernel = kernel.to_vec();
    write(&mut kernel, at::TYPE_OF_LOADER, &[LOADER, flags | CAN_USE_HEAP]);
    write(&mut kernel, at::HEAP_END, &heap_end);
    write(&mut kernel, at::COMMAND_LINE, &COMMAND_LINE.to_le_bytes());
    if initrd > 0 {
        let (address, size) = place(initrd, limit, memory)?;
        write(&mut kernel, at::RAMDISK_IMAGE, &address.to_le_bytes());
        write(&mut kernel, at::RAMDISK_SIZE, &size.to_le_bytes());
    }
    Ok(kernel)
}

/// Where the initrd goes: as high as kernel and memory allow, at the beginning of a page.
fn place(initrd: u64, limit: u32, memory: u64) -> Result<(u32, u32), SetupHeaderError> {
    let below = u32::try_from(below_four_gib(memory)).unwrap_or(u32::MAX);
    let free = below.checked_sub(ACPI_BYTES).ok_or(SetupHeaderError::Memory(memory))?;
    let limit = limit.min(free.saturating_sub(1));
    match u32::try_from(initrd) {
        Ok(size) if size < limit => Ok((limit.saturating_sub(size) & !0xfff, size)),
        _ => Err(SetupHeaderError::InitrdTooLarge { initrd, limit }),
    }
}

fn write(kernel: &mut [u8], at: usize, bytes: &[u8]) {
    for (to, from) in kernel.iter_mut().skip(at).zip(bytes) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What QEMU 9 changed in a shipped kernel, as dstack published it (Dstack-TEE/dstack, issue 1185).
    #[test]
    fn the_bytes_that_qemu_changes_are_those_of_a_published_difference() {
        let mut kernel = vec![0; 0x300];
        write(&mut kernel, 0x202, b"HdrS\x0f\x02");
        write(&mut kernel, 0x210, &[0x00, 0x01]);
        write(&mut kernel, 0x224, &[0xa0, 0x50]);
        write(&mut kernel, 0x236, &[0x7f]);
        let patched = patched(&kernel, 0x00a9_62c0, 4 << 30).unwrap();
        let changed: Vec<_> = kernel
            .iter()
            .zip(&patched)
            .enumerate()
            .filter(|(_, (old, new))| old != new)
            .collect();
        let changed: Vec<_> = changed.into_iter().map(|(at, (_, new))| (at, *new)).collect();
        let published = [
            (0x210, 0xb0),
            (0x211, 0x81),
            (0x219, 0x10),
            (0x21a, 0x54),
            (0x21b, 0x7f),
            (0x21c, 0xc0),
            (0x21d, 0x62),
            (0x21e, 0xa9),
            (0x224, 0x00),
            (0x225, 0xfe),
            (0x22a, 0x02),
        ];
        assert_eq!(changed, published);
    }
}
