//! The header of an enclave image file: 548 bytes, big-endian.

use super::image::{ImageError, MAXIMUM_SECTIONS};
use crate::reader::Reader;

const MAGIC: [u8; 4] = *b".eif";
const CHECKSUM: usize = 4;
const SECTIONS: usize = MAXIMUM_SECTIONS as usize;

/// The fields that matter to whoever measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// Where each section's own header begins, and how long its data is: as many as there are sections.
    pub(super) sections: Vec<(u64, u64)>,
    /// CRC-32 of everything but itself.
    pub(super) checksum: u32,
}

impl Header {
    /// Length in the file.
    pub(super) const LENGTH: usize = 28 + 2 * 8 * SECTIONS + 4 + CHECKSUM;
    /// Where the checksum begins.
    pub(super) const CHECKSUM_AT: usize = Self::LENGTH - CHECKSUM;

    pub(super) fn parse(reader: &mut Reader<'_>) -> Result<Self, ImageError> {
        let magic = reader.array()?;
        if magic != MAGIC {
            return Err(ImageError::NotAnImage(magic));
        }
        let version = reader.u16_be()?;
        if !matches!(version, 3 | 4) {
            return Err(ImageError::Version(version));
        }
        let _flags = reader.u16_be()?;
        let _memory = reader.u64_be()?;
        let _processors = reader.u64_be()?;
        let _reserved = reader.u16_be()?;
        let count = reader.u16_be()?;
        if count > MAXIMUM_SECTIONS {
            return Err(ImageError::TooManySections(count));
        }
        let mut table = || -> Result<Vec<u64>, ImageError> {
            let all: Result<Vec<u64>, _> = (0..MAXIMUM_SECTIONS).map(|_| reader.u64_be()).collect();
            Ok(all?.into_iter().take(usize::from(count)).collect())
        };
        let offsets = table()?;
        let sizes = table()?;
        let _unused = reader.u32_be()?;
        Ok(Self {
            sections: offsets.into_iter().zip(sizes).collect(),
            checksum: reader.u32_be()?,
        })
    }
}
