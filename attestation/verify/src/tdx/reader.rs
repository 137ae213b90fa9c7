//! A bounded reader of little-endian fields that knows where it is.

use super::QuoteError;

/// Reads forward, never beyond the end.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    pub(super) const fn position(&self) -> usize {
        self.position
    }

    /// The next `length` bytes.
    pub(super) fn take(&mut self, length: usize, field: &'static str) -> Result<&'a [u8], QuoteError> {
        let at = self.position;
        let truncated = QuoteError::Truncated {
            field,
            at,
            needed: length,
        };
        let end = at.checked_add(length).ok_or_else(|| truncated.clone())?;
        let taken = self.bytes.get(at..end).ok_or(truncated)?;
        self.position = end;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self, field: &'static str) -> Result<&'a [u8; N], QuoteError> {
        let at = self.position;
        self.take(N, field)?
            .first_chunk()
            .ok_or(QuoteError::Truncated { field, at, needed: N })
    }

    pub(super) fn u16(&mut self, field: &'static str) -> Result<u16, QuoteError> {
        self.array(field).map(|bytes| u16::from_le_bytes(*bytes))
    }

    pub(super) fn u32(&mut self, field: &'static str) -> Result<u32, QuoteError> {
        self.array(field).map(|bytes| u32::from_le_bytes(*bytes))
    }

    /// A length of four bytes.
    pub(super) fn length(&mut self, field: &'static str) -> Result<usize, QuoteError> {
        // On every platform that this runs on a `usize` has at least 32 bits; elsewhere the length is out of reach anyway.
        self.u32(field)
            .map(|length| usize::try_from(length).unwrap_or(usize::MAX))
    }
}
