//! Puts a content together from segments that a hostile sender chose.

use crate::message::{MAX_SEGMENT, SEGMENTS_IN_FLIGHT, Segment, Want};
use crate::window::{AssemblyError, Window};
use alloy_primitives::B256;

/// A content that arrives in order, never longer than its limit, in one piece of memory of exactly its length.
#[derive(Debug)]
pub struct Assembly {
    hash: B256,
    limit: u64,
    window: Window,
    bytes: Vec<u8>,
}

impl Assembly {
    /// Waits for the content of a hash, at most `limit` bytes, from a sender who may send without being asked.
    pub fn new(hash: B256, limit: u64) -> Self {
        Self {
            hash,
            limit,
            window: Window::unasked(hash, limit),
            bytes: Vec::new(),
        }
    }

    /// The request for what comes next, or nothing when all has come.
    pub fn want(&self) -> Option<Want> {
        if self.window.is_complete() {
            return None;
        }
        let offset = self.window.taken();
        let remaining = self.window.total().unwrap_or(self.limit).saturating_sub(offset);
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
        self.window.take(&segment)?;
        if self.bytes.capacity() == 0 {
            reserve(&mut self.bytes, segment.total)?;
        }
        self.bytes.extend_from_slice(&segment.bytes);
        Ok(())
    }

    /// The content, once [`Assembly::want`] has nothing more to ask for.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Makes room for exactly the announced length, which is within the limit. The system gives the memory only as it is
/// filled, so an announcement alone costs nothing.
pub(crate) fn reserve(bytes: &mut Vec<u8>, total: u64) -> Result<(), AssemblyError> {
    let none = AssemblyError::Memory(total);
    let Ok(length) = usize::try_from(total) else {
        return Err(none);
    };
    bytes.try_reserve_exact(length).map_err(|_| none)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: u64 = MAX_SEGMENT as u64;

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
        let (limit, total, first) = (2 * FULL, FULL + 2, [7; MAX_SEGMENT]);
        let mut assembly = Assembly::new(B256::ZERO, limit);
        assert_eq!(assembly.want().map(|want| (want.offset, want.length)), Some((0, limit)));
        assembly.take(segment(0, total, &first)).unwrap();
        assert_eq!(assembly.want().map(|want| (want.offset, want.length)), Some((FULL, 2)));
        assembly.take(segment(FULL, total, b"de")).unwrap();
        assert_eq!(assembly.want(), None);
        assert_eq!(assembly.finish(), [first.as_slice(), b"de"].concat());
    }

    #[test]
    fn a_lying_sender_is_refused_with_what_it_did() {
        let mut assembly = Assembly::new(B256::ZERO, 2 * FULL);
        assert!(matches!(
            assembly.take(segment(0, 2 * FULL + 1, b"a")),
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
        assembly.take(segment(0, FULL + 5, &[7; MAX_SEGMENT])).unwrap();
        assert!(matches!(
            assembly.take(segment(FULL, FULL + 6, b"d")),
            Err(AssemblyError::Total(total)) if total == FULL + 6
        ));
    }

    #[test]
    fn the_memory_is_exactly_the_announced_length() {
        let mut assembly = Assembly::new(B256::ZERO, 1 << 30);
        assembly.take(segment(0, 1_000_003, &[7; MAX_SEGMENT])).unwrap();
        assert_eq!(assembly.finish().capacity(), 1_000_003);
    }
}
