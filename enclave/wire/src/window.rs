//! Asks for a content in parts, and takes only the parts that were asked for, in order, in full segments: each one has
//! its time, so that a content's length bounds how long it may take, however small a host would like to cut it.

use crate::message::{MAX_SEGMENT, SEGMENTS_IN_FLIGHT, Segment, Want};
use alloy_primitives::B256;

/// Bytes that may have been asked for and not have come.
const IN_FLIGHT: u64 = SEGMENTS_IN_FLIGHT * MAX_SEGMENT as u64;

/// Once this much of them has come, as much is asked for anew: the sender always has work, and the parts of one request
/// are many.
const REFILL: u64 = IN_FLIGHT / 2;

/// Where a content stands that a hostile sender is asked for.
#[derive(Debug)]
pub struct Window {
    hash: B256,
    limit: u64,
    total: Option<u64>,
    asked: u64,
    taken: u64,
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
    /// Not a full segment nor all that is left of the content, or beyond what was asked for.
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
    /// There is no memory for the announced length.
    #[error("no memory for {0} bytes")]
    Memory(u64),
}

impl Window {
    /// Waits for the content of a hash, at most `limit` bytes.
    pub fn new(hash: B256, limit: u64) -> Self {
        Self {
            hash,
            limit,
            total: None,
            asked: 0,
            taken: 0,
        }
    }

    /// The same of a sender who sends without being asked.
    pub(crate) fn unasked(hash: B256, limit: u64) -> Self {
        Self {
            asked: limit,
            ..Self::new(hash, limit)
        }
    }

    /// The next request, when it is time for one. No more than [`SEGMENTS_IN_FLIGHT`] segments are ever on their way.
    pub fn ask(&mut self) -> Option<Want> {
        let end = self.total.unwrap_or(self.limit);
        let free = IN_FLIGHT.saturating_sub(self.asked.saturating_sub(self.taken));
        let length = end.saturating_sub(self.asked).min(free);
        let (is_worth_it, is_known) = (free >= REFILL, self.total.is_some() || self.asked == 0);
        if length == 0 || !is_worth_it || !is_known {
            return None;
        }
        let offset = self.asked;
        self.asked = offset.saturating_add(length);
        Some(Want {
            hash: self.hash,
            offset,
            length,
        })
    }

    /// Whether every byte has come.
    pub fn is_complete(&self) -> bool {
        self.total == Some(self.taken)
    }

    /// Bytes that have come.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// The length that the sender announced.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Checks that a segment is the next one, and counts it.
    ///
    /// # Errors
    /// [`AssemblyError`]: not the next bytes of this content. The window stays as it was.
    pub fn take(&mut self, segment: &Segment) -> Result<(), AssemblyError> {
        if segment.hash != self.hash {
            return Err(AssemblyError::OtherContent {
                wanted: self.hash,
                got: segment.hash,
            });
        }
        let total = segment.total;
        if total == 0 || self.total.is_some_and(|known| known != total) {
            return Err(AssemblyError::Total(total));
        }
        if total > self.limit {
            let limit = self.limit;
            return Err(AssemblyError::TooLong { total, limit });
        }
        if segment.offset != self.taken {
            return Err(AssemblyError::OtherOffset {
                wanted: self.taken,
                got: segment.offset,
            });
        }
        let length = segment.bytes.len();
        let end = self.taken.saturating_add(length as u64);
        // What is left is never nothing: whoever takes has not got everything yet.
        let expected = total.saturating_sub(self.taken).min(MAX_SEGMENT as u64);
        if length as u64 != expected || length == 0 || end > self.asked {
            return Err(AssemblyError::Length(length));
        }
        (self.total, self.taken) = (Some(total), end);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn segment(offset: u64, total: u64, length: usize) -> Segment {
        Segment {
            hash: B256::ZERO,
            offset,
            total,
            bytes: vec![7; length],
        }
    }

    #[test]
    fn the_next_half_is_asked_for_when_half_has_come() {
        let total = 4 * IN_FLIGHT;
        let mut window = Window::new(B256::ZERO, total);
        assert_eq!(
            window.ask().map(|want| (want.offset, want.length)),
            Some((0, IN_FLIGHT))
        );
        for number in 0..4 {
            assert_eq!(window.ask(), None);
            window
                .take(&segment(number * MAX_SEGMENT as u64, total, MAX_SEGMENT))
                .unwrap();
        }
        assert_eq!(
            window.ask().map(|want| (want.offset, want.length)),
            Some((IN_FLIGHT, REFILL))
        );
    }

    #[test]
    fn bytes_that_were_not_asked_for_are_refused() {
        let mut window = Window::new(B256::ZERO, 100);
        assert_eq!(window.take(&segment(0, 5, 5)), Err(AssemblyError::Length(5)));
        window.ask().unwrap();
        window.take(&segment(0, 5, 5)).unwrap();
        assert!(window.is_complete());
    }

    proptest! {
        #[test]
        fn whatever_comes_the_sender_is_never_asked_for_more_than_the_window(
            limit in 1_u64..20_000_000,
            total in 0_u64..20_000_000,
            lengths in proptest::collection::vec(0_usize..=MAX_SEGMENT, 0..40),
        ) {
            let mut window = Window::new(B256::ZERO, limit);
            let mut asked = 0;
            for length in lengths {
                while let Some(want) = window.ask() {
                    prop_assert_eq!(want.offset, asked);
                    asked += want.length;
                }
                prop_assert!(asked <= limit && asked - window.taken() <= IN_FLIGHT);
                let before = window.taken();
                if window.take(&segment(before, total, length)).is_ok() {
                    prop_assert_eq!(window.taken(), before + length as u64);
                    prop_assert!(window.taken() <= total && total <= limit);
                }
            }
        }
    }
}
