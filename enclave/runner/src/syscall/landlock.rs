//! Landlock's three calls and the rights they speak of (`Documentation/userspace-api/landlock.rst` of the kernel).

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};

use nix::errno::Errno;

use super::own;

/// Run a file.
pub(crate) const EXECUTE: u64 = 1 << 0;
/// Open a file to write to it.
pub(crate) const WRITE_FILE: u64 = 1 << 1;
/// Open a file to read it.
pub(crate) const READ_FILE: u64 = 1 << 2;
/// Open a directory, or list it.
pub(crate) const READ_DIRECTORY: u64 = 1 << 3;
/// Make a character device.
pub(crate) const MAKE_CHARACTER: u64 = 1 << 6;
/// Make a block device.
pub(crate) const MAKE_BLOCK: u64 = 1 << 11;
/// Change the length of a file; version 3.
pub(crate) const TRUNCATE: u64 = 1 << 14;
/// `ioctl` on a device; version 5.
pub(crate) const DEVICE_CONTROL: u64 = 1 << 15;
/// `bind` and `connect` of TCP; version 4.
const TCP: u64 = 0b11;
/// Abstract Unix sockets of processes outside; version 6.
pub(crate) const ABSTRACT_SOCKETS: u64 = 1 << 0;
/// Signals to processes outside; version 6.
pub(crate) const SIGNALS: u64 = 1 << 1;

const VERSION_QUERY: u32 = 1;
const PATH_BENEATH: libc::c_int = 1;

/// `struct landlock_ruleset_attr`.
#[repr(C)]
struct RulesetAttributes {
    files: u64,
    network: u64,
    scopes: u64,
}

/// `struct landlock_path_beneath_attr`, which is packed.
#[repr(C, packed)]
struct PathBeneath {
    rights: u64,
    parent: RawFd,
}

/// The version of the kernel's interface; nothing where it has none, or has it switched off at boot.
pub(crate) fn version() -> Option<u32> {
    let nothing = std::ptr::null::<RulesetAttributes>();
    // SAFETY: with this flag the kernel takes no attributes and answers a number.
    let answer = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, nothing, 0, VERSION_QUERY) };
    u32::try_from(answer).ok().filter(|version| *version > 0)
}

/// Every right on files that a version knows.
pub(crate) const fn file_rights(version: u32) -> u64 {
    match version {
        0 => 0,
        1 => (1 << 13) - 1,
        2 => (1 << 14) - 1,
        3 | 4 => (1 << 15) - 1,
        _ => (1 << 16) - 1,
    }
}

/// Rules that will hold for a process and its children.
pub(crate) struct Ruleset {
    descriptor: OwnedFd,
    handled: u64,
}

impl Ruleset {
    /// Denies every right on files, TCP, and `scopes`, as far as `version` knows them.
    pub(crate) fn new(version: u32, scopes: u64) -> Result<Self, Errno> {
        let handled = file_rights(version);
        let attributes = RulesetAttributes {
            files: handled,
            network: if version >= 4 { TCP } else { 0 },
            scopes: if version >= 6 { scopes } else { 0 },
        };
        // SAFETY: the kernel reads `size` bytes from a live local; what an old one does not know in it is zero, which it
        // accepts.
        let answer = unsafe {
            let size = size_of::<RulesetAttributes>();
            libc::syscall(libc::SYS_landlock_create_ruleset, &raw const attributes, size, 0u32)
        };
        let descriptor = RawFd::try_from(Errno::result(answer)?).map_err(|_| Errno::EBADF)?;
        Ok(Ruleset {
            descriptor: own(descriptor),
            handled,
        })
    }

    /// Permits `rights` on what `parent` is or contains.
    pub(crate) fn permit(&self, parent: BorrowedFd<'_>, rights: u64) -> Result<(), Errno> {
        let rule = PathBeneath {
            rights: rights & self.handled,
            parent: parent.as_raw_fd(),
        };
        let ruleset = self.descriptor.as_raw_fd();
        // SAFETY: the kernel reads one rule of the layout this type has from a live local.
        let answer = unsafe {
            libc::syscall(
                libc::SYS_landlock_add_rule,
                ruleset,
                PATH_BENEATH,
                &raw const rule,
                0u32,
            )
        };
        Errno::result(answer).map(drop)
    }

    /// Puts the calling thread under the rules, for good. Needs no-new-privileges, or `CAP_SYS_ADMIN`.
    pub(crate) fn restrict(&self) -> Result<(), Errno> {
        // SAFETY: two integers.
        let answer = unsafe { libc::syscall(libc::SYS_landlock_restrict_self, self.descriptor.as_raw_fd(), 0u32) };
        Errno::result(answer).map(drop)
    }
}
