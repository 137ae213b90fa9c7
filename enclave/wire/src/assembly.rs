//! Puts a content together from segments that a hostile sender chose.

use crate::message::{MAX_SEGMENT, SEGMENTS_IN_FLIGHT, Segment, Want};
use alloy_primitives::B256;

/// A content that arrives in order, never longer than its limit.
#[derive(Debug)]
pub struct Assembly {
    hash: B256,
    limit: u64,
    total: Option<u64>,
    bytes: Vec<u8>,
}

/// Why a segment was refused. The sender is at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssemblyError {
    /// Bytes of something else.
    #[error("segment of {got}, wanted {wanted}")]
    OtherContent {
        /// What was wanted.
        wanted: B256,
        /// What came.
        got: B256,
    },
    /// Not the next byte.
    #[error("segment at {got}, wanted {wanted}")]
    OtherOffset {
        /// The next byte.
        wanted: u64,
        /// Where the segment begins.
        got: u64,
    },
    /// No bytes, too many for one segment, or beyond the announced end.
    #[error("segment of {0} bytes")]
    Length(usize),
    /// Longer than the job allows.
    #[error("content of {total} bytes, at most {limit} are allowed")]
    TooLong {
        /// Announced length.
        total: u64,
        /// Longest allowed.
        limit: u64,
    },
    /// The announced length is zero or changed on the way.
    #[error("announced length changed to {0}")]
    Total(u64),
}

impl Assembly {
    /// Waits for the content of a hash, at most `limit` bytes.
    pub fn new(hash: B256, limit: u64) -> Self {
        Self {
            hash,
            limit,
            total: None,
            bytes: Vec::new(),
        }
    }

    /// The next request, or nothing when all has come.
    pub fn want(&self) -> Option<Want> {
        let offset = self.bytes.len() as u64;
        if self.total == Some(offset) {
            return None;
        }
        let remaining = self.total.unwrap_or(self.limit).saturating_sub(offset);
        let length = remaining.min(SEGMENTS_IN_FLIGHT * MAX_SEGMENT as u64);
        Some(Want {
            hash: self.hash,
            offset,
            length,
        })
    }

    /// Takes one segment.
    ///
    /// # Errors
    /// [`AssemblyError`]: not the next bytes of this content. Nothing of the segment is kept.
    pub fn take(&mut self, segment: Segment) -> Result<(), AssemblyError> {
        let Segment {
            hash,
            offset,
            total,
            bytes,
        } = segment;
        if hash != self.hash {
            return Err(AssemblyError::OtherContent {
                wanted: self.hash,
                got: hash,
            });
        }
        if total == 0 || self.total.is_some_and(|known| known != total) {
            return Err(AssemblyError::Total(total));
        }
        if total > self.limit {
            return Err(AssemblyError::TooLong {
                total,
                limit: self.limit,
            });
        }
        let wanted = self.bytes.len() as u64;
        if offset != wanted {
            return Err(AssemblyError::OtherOffset { wanted, got: offset });
        }
        let length = bytes.len();
        if length == 0 || length > MAX_SEGMENT || wanted + length as u64 > total {
            return Err(AssemblyError::Length(length));
        }
        self.total = Some(total);
        self.bytes.extend_from_slice(&bytes);
        Ok(())
    }

    /// The content, once [`Assembly::want`] has nothing more to ask for.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(offset: u64, total: u64, bytes: &[u8]) -> Segment {
        Segment {
            hash: B256::ZERO,
            offset,
            total,
            bytes: bytes.to_vec(),
        }
    }

    #[test]
    fn segments_in_order_give_the_content() {
        let mut assembly = Assembly::new(B256::ZERO, 10);
        assert_eq!(assembly.want().map(|want| (want.offset, want.length)), Some((0, 10)));
        assembly.take(segment(0, 5, b"abc")).unwrap();
        assert_eq!(assembly.want().map(|want| (want.offset, want.length)), Some((3, 2)));
        assembly.take(segment(3, 5, b"de")).unwrap();
        assert_eq!(assembly.want(), None);
        assert_eq!(assembly.finish(), b"abcde");
    }

    #[test]
    fn a_lying_sender_is_refused_with_what_it_did() {
        let mut assembly = Assembly::new(B256::ZERO, 10);
        assert!(matches!(
            assembly.take(segment(0, 11, b"a")),
            Err(AssemblyError::TooLong { .. })
        ));
        assert!(matches!(
            assembly.take(segment(0, 0, b"a")),
            Err(AssemblyError::Total(0))
        ));
        assert!(matches!(
            assembly.take(segment(1, 5, b"a")),
            Err(AssemblyError::OtherOffset { .. })
        ));
        assert!(matches!(
            assembly.take(segment(0, 5, b"")),
            Err(AssemblyError::Length(0))
        ));
        assert!(matches!(
            assembly.take(segment(0, 5, b"abcdef")),
            Err(AssemblyError::Length(6))
        ));
        assembly.take(segment(0, 5, b"abc")).unwrap();
        assert!(matches!(
            assembly.take(segment(3, 6, b"d")),
            Err(AssemblyError::Total(6))
        ));
    }
}
