//! An enclave image file (EIF) and its sections.

use super::header::Header;
use super::signature::{self, SignatureError};
use super::{Parts, Registers, measure};
use crate::Input;
use crate::reader::{Reader, Truncated};

/// The most sections that a header has room for.
pub const MAXIMUM_SECTIONS: u16 = 32;

/// An enclave image file, version 3 or 4, whose sections lie as its header says and whose checksum is right.
///
/// Loaders find sections by walking the file or by the header's table. A file for which the two disagree could be
/// measured as one enclave and run as another, so it is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image<'a> {
    parts: Parts<'a>,
    metadata: Option<&'a [u8]>,
}

/// Why bytes are not an enclave image that can be measured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The first four bytes are others than `.eif`.
    #[error("the file begins with {0:02x?}, not with `.eif`")]
    NotAnImage([u8; 4]),
    /// A version of the format that nobody has measured yet.
    #[error("version {0} of the format is not 3 or 4")]
    Version(u16),
    /// More sections than the header has room for.
    #[error("{0} sections are more than {MAXIMUM_SECTIONS}")]
    TooManySections(u16),
    /// The file ends inside a field.
    #[error("the file ends early: {0}")]
    Truncated(#[from] Truncated),
    /// The header's table and the file disagree about where a section begins.
    #[error("section {index} begins at {found}, but the header says {said}")]
    Offset {
        /// Number of the section, from 0.
        index: usize,
        /// Where the section before it ends.
        found: u64,
        /// What the header's table says.
        said: u64,
    },
    /// The header's table and a section's own header disagree about its length.
    #[error("section {index} has {found} bytes, but the header says {said}")]
    Size {
        /// Number of the section, from 0.
        index: usize,
        /// What the section says.
        found: u64,
        /// What the header's table says.
        said: u64,
    },
    /// A kind of section that no loader knows.
    #[error("section {index} is of unknown kind {kind}")]
    UnknownSection {
        /// Number of the section, from 0.
        index: usize,
        /// Its kind.
        kind: u16,
    },
    /// A second section of a kind that occurs once.
    #[error("there are two sections of the kind {0}")]
    Doubled(&'static str),
    /// A section that cannot be left out.
    #[error("there is no section of the kind {0}")]
    Missing(&'static str),
    /// A section behind one that it has to precede.
    #[error("section {index} ({kind}) stands behind a section that it has to precede")]
    Order {
        /// Number of the section, from 0.
        index: usize,
        /// Its kind.
        kind: &'static str,
    },
    /// Bytes behind the last section.
    #[error("{0} bytes follow the last section")]
    Trailing(usize),
    /// The checksum is another one.
    #[error("the checksum is {computed:08x}, but the header says {said:08x}")]
    Checksum {
        /// Of the bytes.
        computed: u32,
        /// Of the header.
        said: u32,
    },
    /// The section with the signature cannot be used.
    #[error("the signature: {0}")]
    Signature(#[from] SignatureError),
}

/// Kinds of sections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Kernel,
    CommandLine,
    Ramdisk,
    Signature,
    Metadata,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::CommandLine => "command line",
            Self::Ramdisk => "ramdisk",
            Self::Signature => "signature",
            Self::Metadata => "metadata",
        }
    }
}

impl<'a> Image<'a> {
    /// Reads an image. Nothing is copied, so its size is bounded by the caller's.
    ///
    /// # Errors
    /// [`ImageError`] when the bytes are not exactly one well-formed image.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ImageError> {
        let mut reader = Reader::new(bytes);
        let header = Header::parse(&mut reader)?;
        let mut sections = Sections::default();
        for (index, &(offset, size)) in header.sections.iter().enumerate() {
            let (kind, data) = section(&mut reader, index, offset, size)?;
            sections.add(index, kind, data)?;
        }
        match reader.remaining() {
            0 => {}
            trailing => return Err(ImageError::Trailing(trailing)),
        }
        check_sum(bytes, header.checksum)?;
        sections.finish()
    }

    /// What the registers depend on.
    pub fn parts(&self) -> &Parts<'a> {
        &self.parts
    }

    /// The section that no register covers: JSON by its builder, to be believed by nobody.
    pub fn unmeasured_metadata(&self) -> Option<&'a [u8]> {
        self.metadata
    }

    /// The registers of an enclave started from this image.
    pub fn measure(&self) -> Registers {
        measure(&self.parts)
    }

    /// What the registers are computed from.
    pub fn inputs(&self) -> Vec<Input> {
        self.parts.inputs()
    }
}

fn section<'a>(reader: &mut Reader<'a>, index: usize, offset: u64, size: u64) -> Result<(Kind, &'a [u8]), ImageError> {
    if reader.offset() != offset {
        let found = reader.offset();
        return Err(ImageError::Offset {
            index,
            found,
            said: offset,
        });
    }
    let kind = match reader.u16_be()? {
        1 => Kind::Kernel,
        2 => Kind::CommandLine,
        3 => Kind::Ramdisk,
        4 => Kind::Signature,
        5 => Kind::Metadata,
        kind => return Err(ImageError::UnknownSection { index, kind }),
    };
    let _flags = reader.u16_be()?;
    let found = reader.u64_be()?;
    if found != size {
        return Err(ImageError::Size {
            index,
            found,
            said: size,
        });
    }
    Ok((kind, reader.take(size)?))
}

fn check_sum(bytes: &[u8], said: u32) -> Result<(), ImageError> {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(bytes.get(..Header::CHECKSUM_AT).unwrap_or_default());
    hasher.update(bytes.get(Header::LENGTH..).unwrap_or_default());
    let computed = hasher.finalize();
    if computed == said {
        Ok(())
    } else {
        Err(ImageError::Checksum { computed, said })
    }
}

/// Sections found so far. Hashing follows the order in the file, so that order has to be the one that everybody means.
#[derive(Default)]
struct Sections<'a> {
    kernel: Option<&'a [u8]>,
    command_line: Option<&'a [u8]>,
    ramdisks: Vec<&'a [u8]>,
    signature: Option<&'a [u8]>,
    metadata: Option<&'a [u8]>,
}

impl<'a> Sections<'a> {
    fn add(&mut self, index: usize, kind: Kind, data: &'a [u8]) -> Result<(), ImageError> {
        let behind = match kind {
            Kind::Kernel => self.command_line.is_some() || !self.ramdisks.is_empty(),
            Kind::CommandLine => !self.ramdisks.is_empty(),
            Kind::Ramdisk | Kind::Signature | Kind::Metadata => false,
        };
        if behind {
            return Err(ImageError::Order {
                index,
                kind: kind.name(),
            });
        }
        let place = match kind {
            Kind::Kernel => &mut self.kernel,
            Kind::CommandLine => &mut self.command_line,
            Kind::Signature => &mut self.signature,
            Kind::Metadata => &mut self.metadata,
            Kind::Ramdisk => {
                self.ramdisks.push(data);
                return Ok(());
            }
        };
        match place.replace(data) {
            None => Ok(()),
            Some(_) => Err(ImageError::Doubled(kind.name())),
        }
    }

    fn finish(self) -> Result<Image<'a>, ImageError> {
        if self.ramdisks.is_empty() {
            return Err(ImageError::Missing(Kind::Ramdisk.name()));
        }
        Ok(Image {
            parts: Parts {
                kernel: self.kernel.ok_or(ImageError::Missing(Kind::Kernel.name()))?,
                command_line: self.command_line.ok_or(ImageError::Missing(Kind::CommandLine.name()))?,
                ramdisks: self.ramdisks,
                signing_certificate: self.signature.map(signature::certificate).transpose()?,
            },
            metadata: self.metadata,
        })
    }
}
