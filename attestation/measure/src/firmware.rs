//! What a virtual machine's firmware (OVMF, TDVF) tells its monitor about itself.
//!
//! The last bytes of the file hold a table that is read backwards: entries of data, `u16` length, GUID; the last entry
//! names the table itself and ends 32 bytes before the end of the file. SNP and TDX each find their own list of memory
//! sections through it.

mod guid;
mod table;

pub use table::FirmwareTableError;

pub(crate) use guid::guid;
pub(crate) use table::Table;

/// The largest firmware that is read, in bytes: QEMU maps at most 16 MiB below 4 GiB.
pub const MAXIMUM_FIRMWARE: usize = 16 << 20;

/// A page of guest memory, in bytes.
pub const PAGE: usize = 4096;

/// Where guest memory below 4 GiB ends; the firmware lies against it.
pub(crate) const FOUR_GIB: u64 = 1 << 32;
