//! Intel TDX: MRTD, and the runtime measurement registers RTMR0 to RTMR2 of a directly booted kernel.
//!
//! | register | who writes it | what it covers |
//! |---|---|---|
//! | MRTD | the TDX module, while the monitor adds pages | the firmware (TDVF), [`Tdvf::mrtd`] |
//! | RTMR0 | firmware | memory map, variables, ACPI tables, [`FirmwareEvents`] |
//! | RTMR1 | firmware | the kernel as it was handed over, [`DirectBoot::rtmr1`] |
//! | RTMR2 | the kernel's EFI stub | command line and initrd, [`DirectBoot::rtmr2`] |
//! | RTMR3 | nobody before the program starts | zero |
//!
//! RTMRs are replayed from [`Event`]s: `rtmr = SHA-384(rtmr || digest)`. The events are those of OVMF and of Linux 6.9
//! and later under QEMU; each says what it stands for. Other firmware writes other events, so what a machine really
//! measured is read from its own log: [`EventLog`].
//!
//! Sources: Intel TDX module ABI (TDH.MEM.PAGE.ADD, TDH.MR.EXTEND); TDVF design guide; UEFI 2.10, 38.4; edk2's
//! `OvmfPkg`; the vectors of `measurement/`.

mod boot;
mod event;
mod event_log;
mod firmware;
mod firmware_events;
mod hob;
mod memory_map;
mod module_measurement;
mod setup_header;

pub use boot::{DirectBoot, DirectBootError, InitrdArgument, is_unified};
pub use event::{Event, replay};
pub use event_log::{EventLog, EventLogError, LoggedEvent, MAXIMUM_LOG};
pub use firmware::{Added, MAXIMUM_SECTION_BYTES, MAXIMUM_SECTIONS, Measured, Section, SectionKind, Tdvf, TdvfError};
pub use firmware_events::{AcpiTables, FirmwareEvents};
pub use memory_map::MemoryError;
pub use module_measurement::PageOrder;
pub use setup_header::{KernelHandover, SetupHeaderError};
