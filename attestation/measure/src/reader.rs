//! Bytes of an image, read in order and never past their end.

/// Fewer bytes than a field needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{wanted} bytes at offset {at} of {length}")]
pub struct Truncated {
    /// Where the field begins.
    pub at: u64,
    /// How many bytes it needs.
    pub wanted: u64,
    /// How many bytes there are in all.
    pub length: u64,
}

/// Reads fields one after another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// A reader that begins at `at`.
    pub(crate) fn at(bytes: &'a [u8], at: u64) -> Result<Self, Truncated> {
        let mut reader = Self::new(bytes);
        reader.take(at)?;
        Ok(reader)
    }

    /// A reader that begins `back` bytes before the end.
    pub(crate) fn from_end(bytes: &'a [u8], back: u64) -> Result<Self, Truncated> {
        let length = bytes.len();
        let at = usize::try_from(back).ok().and_then(|back| length.checked_sub(back));
        match at {
            Some(at) => Ok(Self { bytes, at }),
            None => Err(Truncated {
                at: 0,
                wanted: back,
                length: length as u64,
            }),
        }
    }

    pub(crate) fn offset(&self) -> u64 {
        self.at as u64
    }

    pub(crate) fn remaining(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn take(&mut self, wanted: u64) -> Result<&'a [u8], Truncated> {
        let truncated = Truncated {
            at: self.at as u64,
            wanted,
            length: self.bytes.len() as u64,
        };
        let end = usize::try_from(wanted)
            .ok()
            .and_then(|wanted| self.at.checked_add(wanted))
            .ok_or(truncated)?;
        let taken = self.bytes.get(self.at..end).ok_or(truncated)?;
        self.at = end;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Truncated> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64)?);
        Ok(array)
    }

    pub(crate) fn u16_be(&mut self) -> Result<u16, Truncated> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32_be(&mut self) -> Result<u32, Truncated> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64_be(&mut self) -> Result<u64, Truncated> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn u32_le(&mut self) -> Result<u32, Truncated> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64_le(&mut self) -> Result<u64, Truncated> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn u16_le(&mut self) -> Result<u16, Truncated> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Truncated> {
        self.array().map(u8::from_le_bytes)
    }
}
