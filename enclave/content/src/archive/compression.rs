//! Compressed archives, decoded under a quota: one gzip member or one Zstandard frame, several of them for a layer.

use std::io::Read;

use bytes::Bytes;
use flate2::bufread::GzDecoder;
use ruzstd::decoding::StreamingDecoder;

use super::header::is_blank;
use super::{ArchiveError, Quota, QuotaError};

/// Plain bytes for which the ratio is not looked at.
const FREE_BYTES: u64 = 1 << 20;

/// How an archive is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Zstandard,
}

/// The plain tar of an archive: the archive itself when it is not compressed.
///
/// # Errors
/// A malformed stream, bytes other than zero after it, or a passed bound.
pub(crate) fn plain(archive: Bytes, quota: &Quota) -> Result<Bytes, ArchiveError> {
    let Some(compression) = Compression::of(&archive) else {
        return uncompressed(archive, quota);
    };
    let mut plain = Vec::new();
    compression.decode(&archive, quota, |bytes| plain.extend_from_slice(bytes))?;
    Ok(plain.into())
}

/// The plain tar of an image's layer, which may be of several streams, with frames between them that hold no content:
/// so write the tools by which layers are fetched in parts. What it should come to, its diff id says.
///
/// # Errors
/// As [`plain`], and more streams than the quota has entries.
pub(crate) fn plain_layer(layer: Bytes, quota: &Quota) -> Result<Bytes, ArchiveError> {
    let Some(compression) = Compression::of(&layer) else {
        return uncompressed(layer, quota);
    };
    let mut plain = Vec::new();
    let mut gauge = Gauge::new(layer.len(), quota);
    let mut rest: &[u8] = &layer;
    let mut streams = 0;
    while !is_blank(rest) {
        streams += 1;
        if streams > quota.entries {
            return Err(QuotaError::Streams { limit: quota.entries }.into());
        }
        rest = match compression.without_skippable(rest) {
            Some(rest) => rest,
            None => compression.stream(rest, &mut gauge, |bytes| plain.extend_from_slice(bytes))?,
        };
    }
    Ok(plain.into())
}

fn uncompressed(archive: Bytes, quota: &Quota) -> Result<Bytes, ArchiveError> {
    if archive.len() as u64 > quota.bytes {
        return Err(QuotaError::Bytes { limit: quota.bytes }.into());
    }
    Ok(archive)
}

/// What has come out of compressed streams, against their quota.
struct Gauge<'quota> {
    quota: &'quota Quota,
    /// Most plain bytes by the ratio.
    ratio_limit: u64,
    plain: u64,
}

impl<'quota> Gauge<'quota> {
    fn new(compressed: usize, quota: &'quota Quota) -> Self {
        let ratio_limit = (compressed as u64).saturating_mul(quota.ratio);
        Self {
            quota,
            ratio_limit: ratio_limit.saturating_add(FREE_BYTES),
            plain: 0,
        }
    }

    fn count(&mut self, bytes: &[u8]) -> Result<(), QuotaError> {
        self.plain = self.plain.saturating_add(bytes.len() as u64);
        if self.plain > self.quota.bytes {
            return Err(QuotaError::Bytes {
                limit: self.quota.bytes,
            });
        }
        if self.plain > self.ratio_limit {
            return Err(QuotaError::Ratio {
                limit: self.quota.ratio,
            });
        }
        Ok(())
    }
}

impl Compression {
    /// By the first bytes (RFC 1952, RFC 8878); `None` for a plain archive.
    pub fn of(archive: &[u8]) -> Option<Self> {
        if archive.starts_with(&[0x1f, 0x8b]) {
            Some(Self::Gzip)
        } else if archive.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Some(Self::Zstandard)
        } else {
            None
        }
    }

    /// Bytes of the compressed stream at the front of `archive`.
    pub fn length(self, archive: &[u8], quota: &Quota) -> Result<usize, ArchiveError> {
        self.decode(archive, quota, |_| {})
    }

    /// Decodes the one stream into `sink` and returns its length; only zeros may follow it.
    fn decode(self, archive: &[u8], quota: &Quota, sink: impl FnMut(&[u8])) -> Result<usize, ArchiveError> {
        let rest = self.stream(archive, &mut Gauge::new(archive.len(), quota), sink)?;
        let end = archive.len() - rest.len();
        if !is_blank(rest) {
            return Err(ArchiveError::AfterEnd { offset: end });
        }
        Ok(end)
    }

    /// Decodes the stream in front into `sink`, and gives what follows it.
    fn stream<'archive>(
        self,
        archive: &'archive [u8],
        gauge: &mut Gauge<'_>,
        sink: impl FnMut(&[u8]),
    ) -> Result<&'archive [u8], ArchiveError> {
        match self {
            Self::Gzip => {
                let mut decoder = GzDecoder::new(archive);
                self.pump(&mut decoder, gauge, sink)?;
                Ok(decoder.into_inner())
            }
            Self::Zstandard => {
                let mut rest = archive;
                let mut decoder = StreamingDecoder::new(&mut rest).map_err(|error| self.malformed(&error))?;
                self.pump(&mut decoder, gauge, sink)?;
                drop(decoder);
                Ok(rest)
            }
        }
    }

    /// What follows a frame that holds no content (RFC 8878, 3.1.2); `None` when there is none in front.
    fn without_skippable(self, archive: &[u8]) -> Option<&[u8]> {
        let (magic, rest) = archive.split_first_chunk()?;
        if self != Self::Zstandard || u32::from_le_bytes(*magic) & 0xffff_fff0 != 0x184d_2a50 {
            return None;
        }
        let (size, rest) = rest.split_first_chunk()?;
        rest.get(usize::try_from(u32::from_le_bytes(*size)).ok()?..)
    }

    fn pump(
        self,
        decoder: &mut impl Read,
        gauge: &mut Gauge<'_>,
        mut sink: impl FnMut(&[u8]),
    ) -> Result<(), ArchiveError> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = decoder.read(&mut buffer).map_err(|error| self.malformed(&error))?;
            let bytes = buffer.get(..count).unwrap_or_default();
            if bytes.is_empty() {
                return Ok(());
            }
            gauge.count(bytes)?;
            sink(bytes);
        }
    }

    fn malformed(self, error: &dyn std::fmt::Display) -> ArchiveError {
        let format = match self {
            Self::Gzip => "gzip",
            Self::Zstandard => "zstandard",
        };
        ArchiveError::Compression {
            format,
            reason: error.to_string(),
        }
    }
}
