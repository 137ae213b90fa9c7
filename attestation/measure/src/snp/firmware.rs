//! OVMF as SNP sees it: its pages, and the sections that its metadata asks for.

use super::LaunchDigest;
use crate::Register;
use crate::firmware::{FOUR_GIB, FirmwareTableError, PAGE, Table, guid};
use crate::reader::{Reader, Truncated};
use serde::Serialize;

const METADATA: [u8; 16] = guid(0xdc88_6566, 0x984a, 0x4798, 0xa75e, 0x5585_a7bf_67cc);
const HASH_TABLE: [u8; 16] = guid(0x7255_371f, 0x3a3b, 0x4b04, 0x927b, 0x1da6_efa8_d454);
const RESET_BLOCK: [u8; 16] = guid(0x00f7_71de, 0x1a7e, 0x4fcb, 0x890e, 0x68c7_7e2f_b44e);

/// The most sections that are read. OVMF has seven.
pub const MAXIMUM_SECTIONS: u32 = 64;

/// The most memory that all sections may ask for together, in bytes: each page of it is hashed.
pub const MAXIMUM_SECTION_BYTES: u64 = 256 << 20;

/// What a launch digest needs to know of the firmware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firmware {
    /// The launch digest after the firmware's own pages, laid against 4 GiB.
    pub pages: Register,
    /// The sections of its metadata, in order.
    pub sections: Vec<Section>,
    /// Where the hashes of kernel, initrd and command line are looked for.
    pub kernel_hashes_address: Option<u32>,
    /// Where virtual CPUs after the first begin.
    pub reset_address: Option<u32>,
}

/// A range of guest memory that is prepared before launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Section {
    /// First byte, at the beginning of a page.
    pub address: u32,
    /// In bytes, a whole number of pages.
    pub length: u32,
    /// What for.
    pub kind: SectionKind,
}

/// What a section is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SectionKind {
    /// Memory that is zero.
    Memory = 1,
    /// Keys for talking to the secure processor.
    Secrets = 2,
    /// CPUID values that the secure processor checks.
    Cpuid = 3,
    /// Where a paravisor is called.
    CallingArea = 4,
    /// Hashes of kernel, initrd and command line.
    KernelHashes = 0x10,
}

/// Why bytes are not a firmware that can be launched under SNP.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FirmwareError {
    /// Its table of GUIDs.
    #[error(transparent)]
    Table(#[from] FirmwareTableError),
    /// The metadata lies outside the file, or reaches out of it.
    #[error("the metadata lies outside the firmware: {0}")]
    Truncated(#[from] Truncated),
    /// The metadata begins otherwise.
    #[error("the metadata begins with {0:02x?}, not with `ASEV`")]
    Signature([u8; 4]),
    /// A version that nobody has measured yet.
    #[error("version {0} of the metadata is not 1")]
    Version(u32),
    /// Too many sections to be a firmware.
    #[error("{0} sections are more than {MAXIMUM_SECTIONS}")]
    TooManySections(u32),
    /// The metadata's own length disagrees with its number of sections.
    #[error("{sections} sections do not fit into metadata of {length} bytes")]
    Length {
        /// How many there are.
        sections: u32,
        /// What the metadata says of itself.
        length: u32,
    },
    /// A section of a kind that no monitor knows.
    #[error("section {index} is of unknown kind {kind:#x}")]
    UnknownSection {
        /// Number of the section, from 0.
        index: u32,
        /// Its kind.
        kind: u32,
    },
    /// A section that is not made of whole pages, or of none, or where one page is meant not of one.
    #[error("section {index} at {address:#x} has {length:#x} bytes")]
    SectionShape {
        /// Number of the section, from 0.
        index: u32,
        /// First byte.
        address: u32,
        /// In bytes.
        length: u32,
    },
    /// More memory than any firmware asks for.
    #[error("the sections ask for {0} bytes, more than {MAXIMUM_SECTION_BYTES}")]
    SectionBytes(u64),
}

impl Firmware {
    /// Reads a whole firmware file. Metadata may be absent: some firmware has none, and then nothing but its pages and
    /// the processors' registers is measured.
    ///
    /// # Errors
    /// [`FirmwareError`] when the bytes are not a firmware, or its metadata is not what a monitor would follow.
    pub fn parse(bytes: &[u8]) -> Result<Self, FirmwareError> {
        let table = Table::of(bytes)?;
        let sections = match table.number(METADATA)? {
            Some(from_end) => sections(bytes, from_end)?,
            None => Vec::new(),
        };
        let mut pages = LaunchDigest::starting_from(Register::ZERO);
        pages.add_pages(FOUR_GIB.saturating_sub(bytes.len() as u64), bytes);
        Ok(Self {
            pages: pages.register(),
            sections,
            kernel_hashes_address: table.number(HASH_TABLE)?.filter(|address| *address != 0),
            reset_address: table.number(RESET_BLOCK)?,
        })
    }
}

fn sections(bytes: &[u8], from_end: u32) -> Result<Vec<Section>, FirmwareError> {
    let mut reader = Reader::from_end(bytes, from_end.into())?;
    let signature = reader.array()?;
    if signature != *b"ASEV" {
        return Err(FirmwareError::Signature(signature));
    }
    let length = reader.u32_le()?;
    let version = reader.u32_le()?;
    if version != 1 {
        return Err(FirmwareError::Version(version));
    }
    let count = reader.u32_le()?;
    if count > MAXIMUM_SECTIONS {
        return Err(FirmwareError::TooManySections(count));
    }
    // Sixteen bytes of header, twelve of each section.
    if length.saturating_sub(16) / 12 < count {
        return Err(FirmwareError::Length {
            sections: count,
            length,
        });
    }
    let mut total = 0_u64;
    let mut sections = Vec::new();
    for index in 0..count {
        let section = section(&mut reader, index)?;
        total = total.saturating_add(section.length.into());
        sections.push(section);
    }
    if total > MAXIMUM_SECTION_BYTES {
        return Err(FirmwareError::SectionBytes(total));
    }
    Ok(sections)
}

fn section(reader: &mut Reader<'_>, index: u32) -> Result<Section, FirmwareError> {
    let (address, length, kind) = (reader.u32_le()?, reader.u32_le()?, reader.u32_le()?);
    let kind = match kind {
        1 => SectionKind::Memory,
        2 => SectionKind::Secrets,
        3 => SectionKind::Cpuid,
        4 => SectionKind::CallingArea,
        0x10 => SectionKind::KernelHashes,
        kind => return Err(FirmwareError::UnknownSection { index, kind }),
    };
    let one_page = matches!(
        kind,
        SectionKind::Secrets | SectionKind::Cpuid | SectionKind::KernelHashes
    );
    let shaped = (address as usize).is_multiple_of(PAGE)
        && (length as usize).is_multiple_of(PAGE)
        && length != 0
        && (!one_page || length as usize == PAGE);
    if !shaped {
        return Err(FirmwareError::SectionShape { index, address, length });
    }
    Ok(Section { address, length, kind })
}
