//! Compressed archives: one gzip member or one Zstandard frame, decoded under a quota.

use std::io::Read;

use bytes::Bytes;
use flate2::bufread::GzDecoder;
use ruzstd::decoding::StreamingDecoder;

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
        if archive.len() as u64 > quota.bytes {
            return Err(QuotaError::Bytes { limit: quota.bytes }.into());
        }
        return Ok(archive);
    };
    let mut plain = Vec::new();
    compression.decode(&archive, quota, |bytes| plain.extend_from_slice(bytes))?;
    Ok(plain.into())
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

    /// Decodes the stream into `sink` and returns its length; only zeros may follow it.
    fn decode(self, archive: &[u8], quota: &Quota, sink: impl FnMut(&[u8])) -> Result<usize, ArchiveError> {
        let source = archive.len() as u64;
        let rest = match self {
            Self::Gzip => {
                let mut decoder = GzDecoder::new(archive);
                self.pump(&mut decoder, source, quota, sink)?;
                decoder.into_inner()
            }
            Self::Zstandard => {
                let mut rest = archive;
                let mut decoder = StreamingDecoder::new(&mut rest).map_err(|error| self.malformed(&error))?;
                self.pump(&mut decoder, source, quota, sink)?;
                drop(decoder);
                rest
            }
        };
        let end = archive.len() - rest.len();
        if rest.iter().any(|byte| *byte != 0) {
            return Err(ArchiveError::AfterEnd { offset: end });
        }
        Ok(end)
    }

    fn pump(
        self,
        decoder: &mut impl Read,
        source: u64,
        quota: &Quota,
        mut sink: impl FnMut(&[u8]),
    ) -> Result<(), ArchiveError> {
        let ratio_limit = source.saturating_mul(quota.ratio).saturating_add(FREE_BYTES);
        let mut total = 0;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = decoder.read(&mut buffer).map_err(|error| self.malformed(&error))?;
            let bytes = buffer.get(..count).unwrap_or_default();
            if bytes.is_empty() {
                return Ok(());
            }
            total += bytes.len() as u64;
            if total > quota.bytes {
                return Err(QuotaError::Bytes { limit: quota.bytes }.into());
            }
            if total > ratio_limit {
                return Err(QuotaError::Ratio { limit: quota.ratio }.into());
            }
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
