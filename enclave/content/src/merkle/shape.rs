//! How many chunks and segments a content of a given size has.

use super::EmptyContent;

/// Bytes of a chunk, the leaf of the tree; 0G also calls it sector and entry.
pub const CHUNK_BYTES: u64 = 256;
/// Chunks of a full segment, the unit of transfer.
pub const SEGMENT_CHUNKS: u64 = 1024;
/// Bytes of a full segment.
pub const SEGMENT_BYTES: u64 = CHUNK_BYTES * SEGMENT_CHUNKS;

/// The counts that follow from a content's size alone (0G Storage reference 1). A verifier computes them itself, never
/// from what a storage node says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    size: u64,
    padded_chunks: u64,
}

impl Shape {
    /// The shape of a content of `size` bytes.
    ///
    /// # Errors
    /// [`EmptyContent`] for size 0.
    pub fn of(size: u64) -> Result<Self, EmptyContent> {
        if size == 0 {
            return Err(EmptyContent);
        }
        let chunks = size.div_ceil(CHUNK_BYTES);
        // At most 2^56 chunks, so the next power of two exists.
        let whole = chunks.next_power_of_two();
        let unit = if chunks == whole || whole < 16 { 1 } else { whole / 16 };
        Ok(Self {
            size,
            padded_chunks: chunks.next_multiple_of(unit),
        })
    }

    /// Size of the content, in bytes; never zero.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Chunks that hold content; the last one may be partly zero fill.
    pub fn chunks(&self) -> u64 {
        self.size.div_ceil(CHUNK_BYTES)
    }

    /// Chunks with the zero chunks of the padding; also the sectors that are paid for.
    pub fn padded_chunks(&self) -> u64 {
        self.padded_chunks
    }

    /// Segments that hold content and are transferred.
    pub fn data_segments(&self) -> u64 {
        self.size.div_ceil(SEGMENT_BYTES)
    }

    /// Segments that the tree and its proofs count: with those of padding only.
    pub fn proof_segments(&self) -> u64 {
        self.padded_chunks.div_ceil(SEGMENT_CHUNKS)
    }

    /// Bytes of content in segment `index`: zero in a segment of padding only, `None` outside the tree.
    pub fn segment_size(&self, index: u64) -> Option<u64> {
        (index < self.proof_segments()).then(|| self.size.saturating_sub(index * SEGMENT_BYTES).min(SEGMENT_BYTES))
    }

    /// Chunks of segment `index` with its padding; `None` outside the tree.
    pub fn segment_chunks(&self, index: u64) -> Option<u64> {
        (index < self.proof_segments()).then(|| (self.padded_chunks - index * SEGMENT_CHUNKS).min(SEGMENT_CHUNKS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_can_add_segments_that_hold_no_data() {
        let shape = Shape::of(33_554_433).unwrap();
        assert_eq!((shape.data_segments(), shape.proof_segments()), (129, 144));
        assert_eq!(shape.segment_size(128), Some(1));
        assert_eq!(
            (shape.segment_size(129), shape.segment_chunks(129)),
            (Some(0), Some(1024))
        );
        assert_eq!((shape.segment_size(144), shape.segment_chunks(144)), (None, None));
    }

    #[test]
    fn the_greatest_size_has_a_shape() {
        assert_eq!(Shape::of(u64::MAX).unwrap().padded_chunks(), 1 << 56);
        assert_eq!(Shape::of(0), Err(EmptyContent));
    }
}
