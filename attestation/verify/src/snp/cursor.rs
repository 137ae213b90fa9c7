//! Reading a report from its beginning to its end, nothing skipped.

use super::report::REPORT_SIZE;
use super::{Octets, SnpError};

/// The bytes of a report that are still to be read.
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// At the beginning of exactly one report.
    pub(super) const fn new(report: &'a [u8]) -> Result<Self, SnpError> {
        if report.len() != REPORT_SIZE {
            return Err(SnpError::Size(report.len()));
        }
        Ok(Self { rest: report })
    }

    /// Where the next byte stands.
    pub(super) const fn offset(&self) -> usize {
        REPORT_SIZE.saturating_sub(self.rest.len())
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], SnpError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(SnpError::Size(self.offset()))?;
        self.rest = rest;
        Ok(*bytes)
    }

    pub(super) fn octets<const N: usize>(&mut self) -> Result<Octets<N>, SnpError> {
        self.bytes().map(Octets)
    }

    pub(super) fn u32(&mut self) -> Result<u32, SnpError> {
        self.bytes().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, SnpError> {
        self.bytes().map(u64::from_le_bytes)
    }

    /// Reads `N` bytes that must be zero; the error names the first that is not.
    pub(super) fn reserved<const N: usize>(&mut self) -> Result<(), SnpError> {
        let start = self.offset();
        let bytes = self.bytes::<N>()?;
        match bytes.iter().position(|byte| *byte != 0) {
            None => Ok(()),
            Some(position) => Err(SnpError::Reserved(start.saturating_add(position))),
        }
    }

    /// Reads a number of the signature, 72 bytes little-endian, as 48 bytes big-endian. What a P-384 number cannot
    /// fill must be zero: no signature covers it, so anything there would be another report with the same meaning.
    pub(super) fn signature_number(&mut self) -> Result<[u8; 48], SnpError> {
        let mut number: [u8; 48] = self.bytes()?;
        number.reverse();
        self.reserved::<24>()?;
        Ok(number)
    }
}
