//! The one-file image for VMs: a program for UEFI firmware with kernel, initrd and command line inside, in the sections
//! that the specification of unified kernel images names (UAPI.5).
//!
//! The program in front is ours (`images/stub/stub.rs`), compiled by itself. Firmware measures the file as a whole, and
//! the kernel measures initrd and command line once more, so nothing that is started escapes.

mod pe;
mod stub;

pub use pe::{PeError, Section, SectionKind, write};
pub use stub::compile;

use crate::error::ImageError;

/// What is put into one file.
#[derive(Debug, Clone, Copy)]
pub struct Contents<'a> {
    /// The compiled stub, an ELF file.
    pub stub: &'a [u8],
    /// A bzImage with an EFI stub of its own.
    pub kernel: &'a [u8],
    /// The initrd.
    pub initrd: &'a [u8],
    /// What the kernel is told.
    pub command_line: &'a str,
    /// What `uname -r` says.
    pub release: &'a str,
}

impl Contents<'_> {
    /// The file.
    ///
    /// # Errors
    /// [`ImageError::OneFile`].
    pub fn write(&self) -> Result<Vec<u8>, ImageError> {
        let version = env!("CARGO_PKG_VERSION");
        let system = format!("ID=orv\nNAME=orv\nVERSION_ID={version}\nPRETTY_NAME=\"orv {version}\"\n");
        let data = |name, content| Section {
            name,
            content,
            kind: SectionKind::Data,
        };
        let sections = [
            data(".osrel", system.as_bytes()),
            data(".uname", self.release.as_bytes()),
            data(".cmdline", self.command_line.as_bytes()),
            data(".initrd", self.initrd),
            data(".linux", self.kernel),
        ];
        Ok(write(self.stub, &sections)?)
    }
}
