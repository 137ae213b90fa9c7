//! Why configfs-tsm gave no report.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::{Attribute, Provider, UnknownProvider};

/// "Input/output error" on every Linux: here, a quote that the host could not make.
const EIO: i32 = 5;

/// Why configfs-tsm gave no report.
#[derive(Debug, thiserror::Error)]
pub enum TsmError {
    /// The folder is not there: configfs is not mounted, or the kernel has no `CONFIG_TSM_REPORTS`.
    #[error("no report folder here: {} does not exist", .0.display())]
    NoFolder(PathBuf),
    /// The folder is there, but no driver stands behind it: this is no TDX or SEV-SNP guest.
    #[error("no provider of reports here: {} takes no report", .0.display())]
    NoProvider(PathBuf),
    /// A report's directory could not be made.
    #[error("no report {name} could be made: {cause}")]
    Make {
        /// Its name.
        name: String,
        /// What the kernel said.
        cause: io::Error,
    },
    /// An attribute could not be written.
    #[error("{attribute} could not be written: {cause}")]
    Write {
        /// Which one.
        attribute: Attribute,
        /// What the kernel said.
        cause: io::Error,
    },
    /// An attribute could not be read.
    #[error("{attribute} could not be read: {cause}")]
    Read {
        /// Which one.
        attribute: Attribute,
        /// What the kernel said.
        cause: io::Error,
    },
    /// An attribute is longer than it can be.
    #[error("{attribute} is longer than {maximum} bytes")]
    TooLong {
        /// Which one.
        attribute: Attribute,
        /// Its bound.
        maximum: usize,
    },
    /// The report is empty.
    #[error("outblob is empty")]
    Empty,
    /// Another provider than TDX's and SEV-SNP's.
    #[error(transparent)]
    UnknownProvider(#[from] UnknownProvider),
    /// Another provider than at first.
    #[error("reports came from {at_first}, now from {now}")]
    OtherProvider {
        /// Who answered when the collector was opened.
        at_first: Provider,
        /// Who answers now.
        now: Provider,
    },
    /// A number that is none.
    #[error("{attribute} is {text:?}, expected a number")]
    Number {
        /// Which attribute.
        attribute: Attribute,
        /// What it says.
        text: String,
    },
    /// A lowest privilege level that SEV-SNP does not have.
    #[error("privlevel_floor is {0}, expected 0 to 3")]
    Privilege(u64),
    /// Someone else wrote into the report's directory, or the kernel lost a write of ours.
    #[error("the report saw {generation} writes, {writes} were made")]
    Raced {
        /// How many writes were made here.
        writes: u64,
        /// How many the kernel counted.
        generation: u64,
    },
    /// Every attempt failed in a way that may pass, until patience ended.
    #[error("no report after {attempts} attempts in {} ms, at last: {last}", waited.as_millis())]
    TimedOut {
        /// How many attempts were made.
        attempts: u32,
        /// How long they took.
        waited: Duration,
        /// What the last one met.
        last: Box<TsmError>,
    },
}

impl TsmError {
    /// Whether another attempt may succeed.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Raced { .. } => true,
            Self::Make { cause, .. } => cause.kind() == io::ErrorKind::AlreadyExists || passes(cause),
            Self::Read {
                attribute: Attribute::OutBlob,
                cause,
            } => cause.raw_os_error() == Some(EIO) || passes(cause),
            Self::Write { cause, .. } | Self::Read { cause, .. } => passes(cause),
            _ => false,
        }
    }
}

fn passes(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::ResourceBusy | io::ErrorKind::Interrupted | io::ErrorKind::TimedOut
    )
}
