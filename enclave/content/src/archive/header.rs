//! One 512-byte tar header (POSIX.1-1988 ustar and GNU).

use std::ops::Range;

use super::ArchiveError;

/// Bytes of a header, and the unit to which contents are padded.
pub(super) const BLOCK: usize = 512;

pub(super) const NAME: Range<usize> = 0..100;
pub(super) const MODE: Range<usize> = 100..108;
pub(super) const SIZE: Range<usize> = 124..136;
pub(super) const CHECKSUM: Range<usize> = 148..156;
pub(super) const FLAG: usize = 156;
pub(super) const LINK: Range<usize> = 157..257;
pub(super) const MAGIC: Range<usize> = 257..265;
pub(super) const PREFIX: Range<usize> = 345..500;

pub(super) const USTAR: &[u8] = b"ustar\x0000";
const GNU: &[u8] = b"ustar  \0";

/// A header whose magic and checksum are right.
pub(super) struct Header<'a> {
    block: &'a [u8; BLOCK],
    offset: usize,
}

impl<'a> Header<'a> {
    pub fn read(block: &'a [u8; BLOCK], offset: usize) -> Result<Self, ArchiveError> {
        let header = Self { block, offset };
        let magic = header.field(MAGIC);
        if magic != USTAR && magic != GNU {
            return Err(ArchiveError::Magic { offset });
        }
        if header.number(CHECKSUM, "checksum")? != checksum(block) {
            return Err(ArchiveError::Checksum { offset });
        }
        Ok(header)
    }

    pub fn flag(&self) -> u8 {
        self.block[FLAG]
    }

    pub fn size(&self) -> Result<u64, ArchiveError> {
        self.number(SIZE, "size")
    }

    pub fn mode(&self) -> Result<u32, ArchiveError> {
        let mode = self.number(MODE, "mode")?;
        u32::try_from(mode).map_err(|_| ArchiveError::Number {
            offset: self.offset,
            field: "mode",
        })
    }

    /// The name, with ustar's prefix; GNU keeps other things in that field.
    pub fn name(&self) -> Result<String, ArchiveError> {
        let name = self.text(NAME)?;
        let prefix = if self.field(MAGIC) == USTAR {
            self.text(PREFIX)?
        } else {
            ""
        };
        Ok(if prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{prefix}/{name}")
        })
    }

    pub fn link(&self) -> Result<&'a str, ArchiveError> {
        self.text(LINK)
    }

    fn field(&self, range: Range<usize>) -> &'a [u8] {
        self.block.get(range).unwrap_or_default()
    }

    /// A text that ends with its field or with the first NUL.
    fn text(&self, range: Range<usize>) -> Result<&'a str, ArchiveError> {
        let field = self.field(range).split(|byte| *byte == 0).next().unwrap_or_default();
        std::str::from_utf8(field).map_err(|_| ArchiveError::NotUtf8 { offset: self.offset })
    }

    /// An octal number: spaces, at least one digit, then only spaces and NULs. GNU's base-256 form is refused.
    fn number(&self, range: Range<usize>, field: &'static str) -> Result<u64, ArchiveError> {
        let digits = self.field(range).trim_ascii_start();
        let length = digits.iter().take_while(|byte| (b'0'..=b'7').contains(byte)).count();
        let (digits, rest) = digits.split_at(length);
        if digits.is_empty() || rest.iter().any(|byte| !matches!(byte, 0 | b' ')) {
            return Err(ArchiveError::Number {
                offset: self.offset,
                field,
            });
        }
        // At most twelve octal digits: 36 bits.
        Ok(digits
            .iter()
            .fold(0, |number, digit| number * 8 + u64::from(digit - b'0')))
    }
}

/// Whether all bytes are zero. Looks at many at a time, because half a block of padding follows a file on average.
pub(super) fn is_blank(bytes: &[u8]) -> bool {
    bytes
        .chunks(64)
        .all(|piece| piece.iter().fold(0, |seen, byte| seen | byte) == 0)
}

/// The sum of the header's bytes, its checksum field counted as spaces.
pub(super) fn checksum(block: &[u8; BLOCK]) -> u64 {
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    let field = block.get(CHECKSUM).unwrap_or_default();
    sum(block) - sum(field) + field.len() as u64 * u64::from(b' ')
}
