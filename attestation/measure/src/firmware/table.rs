//! The table at the end of the firmware.

use super::{MAXIMUM_FIRMWARE, PAGE, guid};

const FOOTER: [u8; 16] = guid(0x96b5_82de, 0x1fb2, 0x45f7, 0xbaea, 0xa366_c55a_082d);
/// Bytes behind the table: the reset vector.
const BEHIND: usize = 32;
/// Length and GUID of an entry.
const HEADER: usize = 18;

/// Why a firmware's table cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FirmwareTableError {
    /// Not a whole number of pages, none at all, or more than anybody maps.
    #[error("{0} bytes are not a firmware: a whole number of 4096-byte pages, at most {MAXIMUM_FIRMWARE} bytes")]
    Length(usize),
    /// No footer where it has to be.
    #[error("the firmware has no table of GUIDs before its reset vector")]
    NoTable,
    /// The footer names a length that the file or an entry cannot have.
    #[error("the table of GUIDs is {0} bytes long by its footer")]
    TableLength(u16),
    /// An entry that is shorter than its header or longer than the table.
    #[error("an entry of the table of GUIDs is {0} bytes long")]
    EntryLength(u16),
    /// Two entries of one GUID: monitors differ in which they take.
    #[error("the table has two entries {}", hex::encode(.0))]
    Doubled([u8; 16]),
    /// An entry is too short for what it has to hold.
    #[error("the entry {} holds {length} bytes in place of at least 4", hex::encode(.guid))]
    ShortEntry {
        /// Whose.
        guid: [u8; 16],
        /// How much it holds.
        length: usize,
    },
}

/// The entries of a firmware's table, in the order in which they are read: backwards.
#[derive(Debug, Clone)]
pub(crate) struct Table<'a> {
    entries: Vec<([u8; 16], &'a [u8])>,
}

impl<'a> Table<'a> {
    /// Reads the table of a whole firmware.
    pub(crate) fn of(firmware: &'a [u8]) -> Result<Self, FirmwareTableError> {
        let length = firmware.len();
        if length == 0 || length > MAXIMUM_FIRMWARE || !length.is_multiple_of(PAGE) {
            return Err(FirmwareTableError::Length(length));
        }
        let (before, _) = firmware.split_at(length.saturating_sub(BEHIND));
        let (before, size, footer) = header(before).ok_or(FirmwareTableError::NoTable)?;
        if footer != FOOTER {
            return Err(FirmwareTableError::NoTable);
        }
        let size_of_entries = usize::from(size).checked_sub(HEADER);
        let start = size_of_entries.and_then(|size| before.len().checked_sub(size));
        let (_, mut rest) = start
            .and_then(|start| before.split_at_checked(start))
            .ok_or(FirmwareTableError::TableLength(size))?;
        let mut entries = Vec::new();
        // Every entry takes at least a header, so the table's 64 KiB bound the number.
        while let Some((before, size, guid)) = header(rest) {
            let data = usize::from(size).checked_sub(HEADER);
            let start = data.and_then(|data| before.len().checked_sub(data));
            let (further, data) = start
                .and_then(|start| before.split_at_checked(start))
                .ok_or(FirmwareTableError::EntryLength(size))?;
            if entries.iter().any(|(other, _)| *other == guid) {
                return Err(FirmwareTableError::Doubled(guid));
            }
            entries.push((guid, data));
            rest = further;
        }
        Ok(Self { entries })
    }

    /// The first four bytes of the entry `guid`, little-endian: an offset or an address.
    pub(crate) fn number(&self, guid: [u8; 16]) -> Result<Option<u32>, FirmwareTableError> {
        let Some((_, data)) = self.entries.iter().find(|(other, _)| *other == guid) else {
            return Ok(None);
        };
        let length = data.len();
        match data.first_chunk() {
            Some(bytes) => Ok(Some(u32::from_le_bytes(*bytes))),
            None => Err(FirmwareTableError::ShortEntry { guid, length }),
        }
    }
}

/// Splits the header off the end.
fn header(bytes: &[u8]) -> Option<(&[u8], u16, [u8; 16])> {
    let (before, guid) = bytes.split_last_chunk::<16>()?;
    let (before, size) = before.split_last_chunk::<2>()?;
    Some((before, u16::from_le_bytes(*size), *guid))
}
