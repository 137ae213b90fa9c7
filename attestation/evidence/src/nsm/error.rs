//! Why the Nitro Security Module gave nothing.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::{DocumentField, MAXIMUM_DOCUMENT, MAXIMUM_FIELD, MAXIMUM_MODULE_ID, MINIMUM_RANDOM};

/// What the module was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// `Attestation`.
    Attestation,
    /// `GetRandom`.
    Random,
    /// `DescribeNSM`.
    Description,
}

impl fmt::Display for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Attestation => "Attestation",
            Self::Random => "GetRandom",
            Self::Description => "DescribeNSM",
        })
    }
}

/// The module's own error codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// An error whose code is "success".
    Success,
    /// `InvalidArgument`.
    InvalidArgument,
    /// `InvalidIndex`.
    InvalidIndex,
    /// `InvalidResponse`.
    InvalidResponse,
    /// `ReadOnlyIndex`.
    ReadOnlyIndex,
    /// `InvalidOperation`.
    InvalidOperation,
    /// `BufferTooSmall`.
    BufferTooSmall,
    /// `InputTooLarge`.
    InputTooLarge,
    /// `InternalError`: also what the driver's crate makes of every failed system call and unreadable answer.
    InternalError,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

/// Why the Nitro Security Module gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum NsmError {
    /// The device is not there: this is no Nitro Enclave, or its kernel has no driver.
    #[error("no Nitro Security Module here: {} does not exist", .0.display())]
    NoDevice(PathBuf),
    /// The device is there but does not open.
    #[error("{} does not open: {cause}", path.display())]
    Open {
        /// The device.
        path: PathBuf,
        /// What the kernel said.
        cause: io::Error,
    },
    /// A field that the real module would refuse.
    #[error("{field} of {length} bytes is too long for a document, at most {MAXIMUM_FIELD} fit")]
    FieldTooLong {
        /// Which one.
        field: DocumentField,
        /// Its size in bytes.
        length: usize,
    },
    /// The module refused.
    #[error("the Nitro Security Module answered {question} with {refusal}")]
    Refused {
        /// What it was asked.
        question: Question,
        /// What it said.
        refusal: Refusal,
    },
    /// The module answered something else than it was asked.
    #[error("the Nitro Security Module answered {0} with the answer to another question")]
    OtherAnswer(Question),
    /// A document that is empty or longer than [`MAXIMUM_DOCUMENT`].
    #[error("a document of {0} bytes, expected 1 to {MAXIMUM_DOCUMENT}")]
    DocumentSize(usize),
    /// Fewer random bytes than [`MINIMUM_RANDOM`].
    #[error("{0} random bytes came, at least {MINIMUM_RANDOM} were expected")]
    RandomSize(usize),
    /// A name that is empty or longer than [`MAXIMUM_MODULE_ID`].
    #[error("a module name of {0} bytes, expected 1 to {MAXIMUM_MODULE_ID}")]
    DescriptionSize(usize),
}
