//! The file that is measured, told apart by its content.

use crate::output::{InputError, read};
use std::path::Path;

/// The longest file that is read, in bytes: half a gibibyte, more than any image.
pub(super) const MAXIMUM_FILE: usize = 512 << 20;

/// A file and what it is.
pub(super) struct Source {
    pub(super) bytes: Vec<u8>,
    pub(super) kind: Kind,
}

/// What a file can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A Nitro enclave image file.
    EnclaveImage,
    /// An EFI program: a kernel.
    Kernel,
    /// The log of what a machine measured.
    EventLog,
    /// Anything else is read as firmware, which is known by its end.
    Firmware,
}

impl Source {
    pub(super) fn read(path: &Path) -> Result<Self, InputError> {
        let bytes = read(path, MAXIMUM_FILE)?;
        let kind = if bytes.starts_with(b".eif") {
            Kind::EnclaveImage
        } else if bytes.starts_with(b"MZ") {
            Kind::Kernel
        } else if bytes.get(32..).is_some_and(|rest| rest.starts_with(b"Spec ID Event03")) {
            Kind::EventLog
        } else {
            Kind::Firmware
        };
        Ok(Self { bytes, kind })
    }
}

/// A file beside the image; empty when none was named.
pub(super) fn optional(path: Option<&Path>) -> Result<Vec<u8>, InputError> {
    path.map_or_else(|| Ok(Vec::new()), |path| read(path, MAXIMUM_FILE))
}
