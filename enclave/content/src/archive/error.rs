//! Why an archive is refused.

use thiserror::Error;

use super::{CollectError, QuotaError};
use crate::tree::{PathError, TreePath};

/// Why an archive is refused. Offsets are in bytes of the plain tar.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ArchiveError {
    /// The archive ends inside a header or a content.
    #[error("the archive ends inside the entry at offset {offset}")]
    Truncated {
        /// Offset of the header.
        offset: usize,
    },
    /// The archive ends without two blocks of zeros.
    #[error("no end marker at offset {offset}")]
    MissingEndMarker {
        /// Where the marker should be.
        offset: usize,
    },
    /// Something follows the end marker or the compressed stream.
    #[error("bytes other than zero follow the end at offset {offset}")]
    AfterEnd {
        /// Offset of the end.
        offset: usize,
    },
    /// The header is neither ustar nor GNU.
    #[error("no tar header at offset {offset}")]
    Magic {
        /// Offset of the header.
        offset: usize,
    },
    /// The header's checksum is wrong.
    #[error("wrong header checksum at offset {offset}")]
    Checksum {
        /// Offset of the header.
        offset: usize,
    },
    /// A header field is not an octal number.
    #[error("field {field} of the header at offset {offset} is not an octal number")]
    Number {
        /// Offset of the header.
        offset: usize,
        /// Name of the field.
        field: &'static str,
    },
    /// A name is not UTF-8.
    #[error("a name of the entry at offset {offset} is not utf-8")]
    NotUtf8 {
        /// Offset of the header.
        offset: usize,
    },
    /// A content where none can be: a directory or a link with a size.
    #[error("the entry at offset {offset} cannot have a content of {size} bytes")]
    UnexpectedContent {
        /// Offset of the header.
        offset: usize,
        /// Size in the header.
        size: u64,
    },
    /// The padding after a content is not zero.
    #[error("the content of the entry at offset {offset} is padded with bytes other than zero")]
    Padding {
        /// Offset of the header.
        offset: usize,
    },
    /// The header and the pax record name different sizes, so that two readers would see two archives.
    #[error("the entry at offset {offset} has size {header} in its header and {pax} in its pax record")]
    SizeDisagrees {
        /// Offset of the header.
        offset: usize,
        /// Size in the header.
        header: u64,
        /// Size in the pax record.
        pax: u64,
    },
    /// An extended header is larger than any we would use.
    #[error("the extended header at offset {offset} has {size} bytes")]
    ExtensionSize {
        /// Offset of the header.
        offset: usize,
        /// Its size.
        size: u64,
    },
    /// An extended header is malformed.
    #[error("the extended header at offset {offset} is malformed")]
    ExtensionSyntax {
        /// Offset of the header.
        offset: usize,
    },
    /// An extended header says a thing twice.
    #[error("the extended header at offset {offset} repeats {key}")]
    ExtensionRepeated {
        /// Offset of the header.
        offset: usize,
        /// What is repeated.
        key: String,
    },
    /// An extended header has a key that may change names or contents in a way not supported.
    #[error("the extended header at offset {offset} has the unsupported key {key:?}")]
    ExtensionKey {
        /// Offset of the header.
        offset: usize,
        /// The key.
        key: String,
    },
    /// An extended header has no entry after it.
    #[error("the extended header before offset {offset} belongs to no entry")]
    ExtensionWithoutEntry {
        /// Where the entry should be.
        offset: usize,
    },
    /// A name is not a path inside a tree.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A hard link, which only image layers may have.
    #[error("{path} is a hard link")]
    HardLink {
        /// Its path.
        path: TreePath,
    },
    /// A character or block device.
    #[error("{name:?} is a device")]
    Device {
        /// Its name, as the header has it.
        name: String,
    },
    /// A named pipe.
    #[error("{name:?} is a named pipe")]
    NamedPipe {
        /// Its name, as the header has it.
        name: String,
    },
    /// Another type of entry: sparse, multi-volume, vendor's own.
    #[error("{name:?} has the unsupported entry type {flag:#04x}")]
    EntryType {
        /// Its name, as the header has it.
        name: String,
        /// Type flag of the header.
        flag: u8,
    },
    /// The compressed stream is malformed.
    #[error("the {format} stream is malformed: {reason}")]
    Compression {
        /// `gzip` or `zstandard`.
        format: &'static str,
        /// What the decoder says.
        reason: String,
    },
    /// The entries do not make a tree, or make too large a one.
    #[error(transparent)]
    Collect(#[from] CollectError),
}

impl From<QuotaError> for ArchiveError {
    fn from(error: QuotaError) -> Self {
        Self::Collect(CollectError::Quota(error))
    }
}
