//! The certificate table that an SEV-SNP host gives beside a report.
//!
//! AMD's GHCB specification (56421, 4.1.8.1): entries of 24 bytes, each a GUID, a `u32` offset from the table's first
//! byte and a `u32` length, little-endian, until an entry of zeros; then the certificates. The host writes it, and it
//! may be empty, stale or hostile: whoever uses a certificate verifies it.

use std::ops::Range;

/// Longest table, in bytes: four pages, what Linux hosts and guests exchange.
pub const MAXIMUM_TABLE: usize = 16 * 1024;
/// Most certificates in a table; real ones have four or five.
pub const MAXIMUM_CERTIFICATES: usize = 16;

const ENTRY: usize = 24;

/// What a certificate is for, by its GUID (GHCB specification, table 6; AMD 56860 for the CRL).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateKind {
    /// The chip's key: `63da758d-e664-4564-adc5-f4b93be8accd`.
    Vcek,
    /// The cloud's key: `a8074bc2-a25a-483e-aae6-39c045a0b8a1`.
    Vlek,
    /// The intermediate, ASK or ASVK: `4ab7b379-bbac-4fe4-a02f-05aef327c782`.
    Ask,
    /// The root: `c0b406a4-a803-4952-9743-3fb6014cd0ae`.
    Ark,
    /// The root's revocation list: `92f81bc3-5811-4d3d-97ff-d19f88dc67ea`.
    RevocationList,
    /// Something else, by its GUID.
    Other([u8; 16]),
}

impl CertificateKind {
    const fn of(guid: [u8; 16]) -> Self {
        // As they stand in the table, which is how they are written: no field is swapped.
        match u128::from_be_bytes(guid) {
            0x63da758d_e664_4564_adc5_f4b93be8accd => Self::Vcek,
            0xa8074bc2_a25a_483e_aae6_39c045a0b8a1 => Self::Vlek,
            0x4ab7b379_bbac_4fe4_a02f_05aef327c782 => Self::Ask,
            0xc0b406a4_a803_4952_9743_3fb6014cd0ae => Self::Ark,
            0x92f81bc3_5811_4d3d_97ff_d19f88dc67ea => Self::RevocationList,
            _ => Self::Other(guid),
        }
    }
}

/// One certificate of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificateEntry<'a> {
    /// What it claims to be.
    pub kind: CertificateKind,
    /// Its bytes, DER in the tables known, opaque here.
    pub bytes: &'a [u8],
}

/// A table that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateTable<'a> {
    bytes: &'a [u8],
    entries: Vec<CertificateEntry<'a>>,
}

/// Why bytes are no certificate table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateTableError {
    /// Longer than [`MAXIMUM_TABLE`].
    #[error("{0} bytes are too long for a certificate table")]
    TooLong(usize),
    /// No entry of zeros ends the table.
    #[error("the certificate table has no end")]
    NoEnd,
    /// More than [`MAXIMUM_CERTIFICATES`].
    #[error("the certificate table has more than {MAXIMUM_CERTIFICATES} entries")]
    TooMany,
    /// A certificate is empty, not inside the bytes, or lies over the table itself.
    #[error("certificate {index} is said to have {length} bytes at {offset}, where it cannot be")]
    Place {
        /// Which entry, from zero.
        index: usize,
        /// Its offset.
        offset: u32,
        /// Its length in bytes.
        length: u32,
    },
}

impl<'a> CertificateTable<'a> {
    /// Reads a table. No bytes at all are a table without entries: many hosts give none.
    ///
    /// # Errors
    /// [`CertificateTableError`], one variant per cause.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, CertificateTableError> {
        if bytes.len() > MAXIMUM_TABLE {
            return Err(CertificateTableError::TooLong(bytes.len()));
        }
        if bytes.is_empty() {
            return Ok(Self {
                bytes,
                entries: Vec::new(),
            });
        }
        let head = Head::read(bytes)?;
        let mut entries = Vec::with_capacity(head.entries.len());
        let mut end = head.end;
        for (index, entry) in head.entries.iter().enumerate() {
            let place = entry.place(head.end).ok_or_else(|| entry.refused(index))?;
            end = end.max(place.end);
            entries.push(CertificateEntry {
                kind: CertificateKind::of(entry.guid),
                bytes: bytes.get(place).ok_or_else(|| entry.refused(index))?,
            });
        }
        Ok(Self {
            bytes: bytes.get(..end).unwrap_or(bytes),
            entries,
        })
    }

    /// The certificates, in the table's order.
    pub fn entries(&self) -> &[CertificateEntry<'a>] {
        &self.entries
    }

    /// The first certificate of a kind.
    pub fn first(&self, kind: CertificateKind) -> Option<&'a [u8]> {
        let entry = self.entries.iter().find(|entry| entry.kind == kind)?;
        Some(entry.bytes)
    }

    /// The table up to the end of its last certificate: what follows is padding.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// The entries as they stand in front of the certificates.
struct Head {
    entries: Vec<Entry>,
    end: usize,
}

struct Entry {
    guid: [u8; 16],
    offset: u32,
    length: u32,
}

impl Head {
    fn read(bytes: &[u8]) -> Result<Self, CertificateTableError> {
        let mut entries = Vec::new();
        let (chunks, _) = bytes.as_chunks::<ENTRY>();
        for (index, chunk) in chunks.iter().enumerate() {
            if *chunk == [0; ENTRY] {
                let end = index.saturating_add(1).saturating_mul(ENTRY);
                return Ok(Self { entries, end });
            }
            if index == MAXIMUM_CERTIFICATES {
                return Err(CertificateTableError::TooMany);
            }
            entries.push(Entry::read(chunk));
        }
        Err(CertificateTableError::NoEnd)
    }
}

impl Entry {
    fn read(bytes: &[u8; ENTRY]) -> Self {
        let [guid @ .., o0, o1, o2, o3, l0, l1, l2, l3] = *bytes;
        Self {
            guid,
            offset: u32::from_le_bytes([o0, o1, o2, o3]),
            length: u32::from_le_bytes([l0, l1, l2, l3]),
        }
    }

    /// Where the certificate lies, if it is behind the head. Whether it is inside the bytes shows when it is cut out.
    fn place(&self, head: usize) -> Option<Range<usize>> {
        let start = usize::try_from(self.offset).ok()?;
        let end = start.checked_add(usize::try_from(self.length).ok()?)?;
        (start >= head && end > start).then_some(start..end)
    }

    const fn refused(&self, index: usize) -> CertificateTableError {
        CertificateTableError::Place {
            index,
            offset: self.offset,
            length: self.length,
        }
    }
}
