//! What is done to the kernel's report folder.

use std::fmt;
use std::io;
use std::path::Path;

/// One file of a report's directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Attribute {
    /// What the report is to be bound to.
    InBlob,
    /// The report or quote.
    OutBlob,
    /// What the host gave beside an SEV-SNP report: its certificate table.
    AuxBlob,
    /// How many writes the kernel has seen.
    Generation,
    /// The privilege level (VMPL) that an SEV-SNP report is to speak for.
    PrivilegeLevel,
    /// The lowest level that this guest may ask for.
    PrivilegeFloor,
    /// Whose report this is.
    Provider,
}

impl Attribute {
    /// The file's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InBlob => "inblob",
            Self::OutBlob => "outblob",
            Self::AuxBlob => "auxblob",
            Self::Generation => "generation",
            Self::PrivilegeLevel => "privlevel",
            Self::PrivilegeFloor => "privlevel_floor",
            Self::Provider => "provider",
        }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The kernel's report folder, or a stand-in of a test. The errors are the kernel's; what they mean is decided above.
pub trait ReportFolder {
    /// Where it is, for messages.
    fn path(&self) -> &Path;

    /// Makes the directory of a new report.
    ///
    /// # Errors
    /// The kernel's.
    fn make(&self, name: &str) -> io::Result<()>;

    /// Writes an attribute of a report, in one call.
    ///
    /// # Errors
    /// The kernel's.
    fn write(&self, name: &str, attribute: Attribute, bytes: &[u8]) -> io::Result<()>;

    /// Reads the first `limit` bytes of an attribute, or all where there are fewer.
    ///
    /// # Errors
    /// The kernel's.
    fn read(&self, name: &str, attribute: Attribute, limit: usize) -> io::Result<Vec<u8>>;

    /// Removes a report's directory.
    ///
    /// # Errors
    /// The kernel's.
    fn remove(&self, name: &str) -> io::Result<()>;
}
