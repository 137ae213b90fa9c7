//! TDVF: the firmware's list of memory sections.

use crate::FirmwareTableError;
use crate::firmware::{PAGE, Table, guid};
use crate::reader::{Reader, Truncated};
use serde::Serialize;

const DESCRIPTOR: [u8; 16] = guid(0xe47a_6535, 0x984a, 0x4798, 0x865e, 0x4685_a7bf_8ec2);

/// The most sections that are read. OVMF has six.
pub const MAXIMUM_SECTIONS: u32 = 64;

/// The most memory that all sections may ask for together, in bytes: each page of it is hashed.
pub const MAXIMUM_SECTION_BYTES: u64 = 256 << 20;

/// Firmware for a trust domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tdvf<'a> {
    pub(super) sections: Vec<Section<'a>>,
}

/// A range of the trust domain's memory that exists before its first instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Section<'a> {
    /// First byte, at the beginning of a page.
    pub address: u64,
    /// In bytes, a whole number of pages.
    pub length: u64,
    /// What for.
    pub kind: SectionKind,
    /// The part of the file that is put there; empty for memory that begins as zeros.
    #[serde(skip)]
    pub data: &'a [u8],
    /// Whether MRTD covers the content, or only that the pages were added.
    pub content: Measured,
    /// Whether the pages are added before launch, which MRTD notes, or accepted afterwards.
    pub pages: Added,
}

/// Whether MRTD covers a section's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measured {
    /// By TDH.MR.EXTEND.
    Extended,
    /// Not at all.
    Unmeasured,
}

/// When a section's pages become the trust domain's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Added {
    /// By TDH.MEM.PAGE.ADD.
    BeforeLaunch,
    /// By TDH.MEM.PAGE.AUG.
    AfterLaunch,
}

/// What a section is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SectionKind {
    /// Boot firmware volume: code.
    BootFirmware,
    /// Configuration firmware volume: variables.
    Configuration,
    /// Where the monitor describes memory.
    HandOffBlocks,
    /// Memory for the time before memory is accepted.
    TemporaryMemory,
    /// Memory that is accepted at once.
    PermanentMemory,
    /// A kernel, where no firmware follows.
    Payload,
    /// Its command line.
    PayloadParameter,
}

/// Why bytes are not firmware for a trust domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TdvfError {
    /// Its table of GUIDs.
    #[error(transparent)]
    Table(#[from] FirmwareTableError),
    /// The table has no entry for it: a firmware for other machines.
    #[error("the firmware has no metadata for trust domains")]
    NoMetadata,
    /// The metadata lies outside the file, or reaches out of it.
    #[error("the metadata lies outside the firmware: {0}")]
    Truncated(#[from] Truncated),
    /// The descriptor begins otherwise.
    #[error("the metadata begins with {0:02x?}, not with `TDVF`")]
    Signature([u8; 4]),
    /// A version that nobody has measured yet.
    #[error("version {0} of the metadata is not 1")]
    Version(u32),
    /// None at all, or too many to be a firmware.
    #[error("{0} sections: between 1 and {MAXIMUM_SECTIONS} make a firmware")]
    Sections(u32),
    /// The descriptor's own length disagrees with its number of sections.
    #[error("{sections} sections do not fit into metadata of {length} bytes")]
    Length {
        /// How many there are.
        sections: u32,
        /// What the metadata says of itself.
        length: u32,
    },
    /// A section of a kind that no monitor knows.
    #[error("section {index} is of unknown kind {kind}")]
    UnknownSection {
        /// Number of the section, from 0.
        index: u32,
        /// Its kind.
        kind: u32,
    },
    /// Attributes other than MR.EXTEND (1) and PAGE.AUG (2), or both of them.
    #[error("section {index} has the attributes {attributes:#x}")]
    Attributes {
        /// Number of the section, from 0.
        index: u32,
        /// As the file has them.
        attributes: u32,
    },
    /// A section that is not made of whole pages, or whose data is neither none nor all of it.
    #[error("section {index} at {address:#x} has {length:#x} bytes, {data:#x} of them from the file")]
    SectionShape {
        /// Number of the section, from 0.
        index: u32,
        /// First byte.
        address: u64,
        /// In bytes.
        length: u64,
        /// In bytes.
        data: u32,
    },
    /// More memory than any firmware asks for.
    #[error("the sections ask for {0} bytes, more than {MAXIMUM_SECTION_BYTES}")]
    SectionBytes(u64),
}

impl<'a> Tdvf<'a> {
    /// Reads a whole firmware file.
    ///
    /// # Errors
    /// [`TdvfError`] when the bytes are not such a firmware, or monitors would load it in different ways.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, TdvfError> {
        let from_end = Table::of(bytes)?.number(DESCRIPTOR)?.ok_or(TdvfError::NoMetadata)?;
        let mut reader = Reader::from_end(bytes, from_end.into())?;
        let signature = reader.array()?;
        if signature != *b"TDVF" {
            return Err(TdvfError::Signature(signature));
        }
        let length = reader.u32_le()?;
        let version = reader.u32_le()?;
        if version != 1 {
            return Err(TdvfError::Version(version));
        }
        let count = reader.u32_le()?;
        if !(1..=MAXIMUM_SECTIONS).contains(&count) {
            return Err(TdvfError::Sections(count));
        }
        // Sixteen bytes of descriptor, thirty-two of each section.
        if length.saturating_sub(16) / 32 < count {
            return Err(TdvfError::Length {
                sections: count,
                length,
            });
        }
        let mut total = 0_u64;
        let mut sections = Vec::new();
        for index in 0..count {
            let section = section(bytes, &mut reader, index)?;
            total = total.saturating_add(section.length);
            sections.push(section);
        }
        if total > MAXIMUM_SECTION_BYTES {
            return Err(TdvfError::SectionBytes(total));
        }
        Ok(Self { sections })
    }

    /// The sections, in the order in which a monitor adds them.
    pub fn sections(&self) -> &[Section<'a>] {
        &self.sections
    }

    pub(super) fn first(&self, kind: SectionKind) -> Option<&Section<'a>> {
        self.sections.iter().find(|section| section.kind == kind)
    }
}

fn section<'a>(bytes: &'a [u8], reader: &mut Reader<'a>, index: u32) -> Result<Section<'a>, TdvfError> {
    let (offset, data) = (reader.u32_le()?, reader.u32_le()?);
    let (address, length) = (reader.u64_le()?, reader.u64_le()?);
    let (kind, attributes) = (reader.u32_le()?, reader.u32_le()?);
    let kind = match kind {
        0 => SectionKind::BootFirmware,
        1 => SectionKind::Configuration,
        2 => SectionKind::HandOffBlocks,
        3 => SectionKind::TemporaryMemory,
        4 => SectionKind::PermanentMemory,
        5 => SectionKind::Payload,
        6 => SectionKind::PayloadParameter,
        kind => return Err(TdvfError::UnknownSection { index, kind }),
    };
    let (content, pages) = match attributes {
        0 => (Measured::Unmeasured, Added::BeforeLaunch),
        1 => (Measured::Extended, Added::BeforeLaunch),
        2 => (Measured::Unmeasured, Added::AfterLaunch),
        attributes => return Err(TdvfError::Attributes { index, attributes }),
    };
    let page = PAGE as u64;
    let whole = u64::from(data) == length || (data == 0 && content == Measured::Unmeasured);
    let shaped = address.is_multiple_of(page)
        && length.is_multiple_of(page)
        && length != 0
        && whole
        && address.checked_add(length).is_some();
    if !shaped {
        return Err(TdvfError::SectionShape {
            index,
            address,
            length,
            data,
        });
    }
    let data = Reader::at(bytes, offset.into())?.take(data.into())?;
    Ok(Section {
        address,
        length,
        kind,
        data,
        content,
        pages,
    })
}
