//! A root from segments that arrive in any order.

use std::collections::BTreeMap;

use thiserror::Error;

use super::forest::{Forest, Grower, Perfect, SEGMENT_HEIGHT, join};
use super::{Commitment, EmptyContent, Engine, SEGMENT_BYTES, Shape};

/// What is known of a content's length before its bytes come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// It has this many bytes.
    Exactly(u64),
    /// It has no more than this many bytes.
    AtMost(u64),
}

impl Length {
    fn limit(self) -> u64 {
        match self {
            Self::Exactly(length) | Self::AtMost(length) => length,
        }
    }
}

/// Why bytes do not fit into the content, or why there is no root yet.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BuildError {
    /// There are no bytes.
    #[error(transparent)]
    Empty(#[from] EmptyContent),
    /// The bytes would reach beyond the greatest length.
    #[error("content of {length} bytes or more, at most {limit} are allowed")]
    TooLong {
        /// Length that the content would have at least.
        length: u64,
        /// Greatest length.
        limit: u64,
    },
    /// A segment has no bytes, more than a segment holds, or another number than the content's length demands.
    #[error("segment {index} with {found} bytes")]
    SegmentLength {
        /// Index of the segment.
        index: u64,
        /// Its bytes.
        found: u64,
    },
    /// A segment is there already, as a whole or in part.
    #[error("segment {index} comes twice")]
    Overlap {
        /// Index of the segment.
        index: u64,
    },
    /// A segment lies behind one that is not full: only the last one may be shorter.
    #[error("segment {index} lies behind segment {last}, which is not full")]
    BeyondEnd {
        /// Index of the segment behind.
        index: u64,
        /// Index of the shorter segment.
        last: u64,
    },
    /// A segment is missing, as a whole or in part.
    #[error("segment {index} is missing")]
    Gap {
        /// Index of the first one.
        index: u64,
    },
    /// Everything that came is the front of a longer content.
    #[error("content of {found} bytes, {expected} were announced")]
    WrongLength {
        /// Length announced.
        expected: u64,
        /// Bytes that came.
        found: u64,
    },
}

/// A last segment that is not full; its padding depends on the length, which is known at the end.
#[derive(Debug, Clone)]
struct Last {
    index: u64,
    bytes: u64,
    trees: Vec<Perfect>,
}

/// Computes a root while bytes arrive: in order by [`Builder::append`], segments in any order by
/// [`Builder::put_segment`], or both, such as a front that is there already and segments from elsewhere.
///
/// Holds at most one segment of the content, and 40 bytes or so for each run of whole subtrees: their number grows with
/// the gaps in what has come and with the logarithm of the length, not with the length.
///
/// What is refused leaves the builder as it was.
///
/// ```
/// use orv_content::merkle::{Builder, Length, SEGMENT_BYTES, root_of};
///
/// let content = vec![7; SEGMENT_BYTES as usize + 1];
/// let (first, second) = content.split_at(SEGMENT_BYTES as usize);
/// let mut builder = Builder::new(Length::AtMost(1 << 30));
/// builder.put_segment(1, second)?;
/// builder.put_segment(0, first)?;
/// let commitment = builder.finish()?;
/// assert_eq!((commitment.root, commitment.length), (root_of(&content)?, content.len() as u64));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Builder {
    engine: Engine,
    length: Length,
    /// Whole subtrees of one segment or more by their first segment; no two of them are the halves of a larger one.
    whole: BTreeMap<u64, Perfect>,
    last: Option<Last>,
    /// Bytes appended so far, and those of them that do not fill a segment yet.
    appended: u64,
    pending: Vec<u8>,
    grower: Grower,
}

impl Builder {
    /// Waits for a content of this length.
    pub fn new(length: Length) -> Self {
        Self::with(Engine::one_thread(), length)
    }

    /// The same, computing as `engine` says.
    pub fn with(engine: Engine, length: Length) -> Self {
        Self {
            engine,
            length,
            whole: BTreeMap::new(),
            last: None,
            appended: 0,
            pending: Vec::new(),
            grower: Grower::default(),
        }
    }

    /// Bytes that have been appended: where the next ones belong.
    pub fn appended(&self) -> u64 {
        self.appended
    }

    /// Takes the bytes behind those appended before.
    ///
    /// # Errors
    /// [`BuildError::TooLong`]; [`BuildError::Overlap`] where they reach a segment that was put.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), BuildError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let end = self.bounded(self.appended, bytes)?;
        let (first, behind) = (self.appended / SEGMENT_BYTES, end.div_ceil(SEGMENT_BYTES));
        if let Some(index) = self.first_known(first, behind) {
            return Err(BuildError::Overlap { index });
        }
        let (fill, rest) = bytes.split_at(bytes.len().min(self.missing_in_pending()));
        self.pending.extend_from_slice(fill);
        if self.pending.len() as u64 == SEGMENT_BYTES {
            let pending = std::mem::take(&mut self.pending);
            self.add(first, &pending);
            self.pending = pending;
            self.pending.clear();
        }
        if !rest.is_empty() {
            let whole = rest.len() - rest.len() % SEGMENT_BYTES as usize;
            let (segments, rest) = rest.split_at(whole);
            self.add((self.appended + fill.len() as u64) / SEGMENT_BYTES, segments);
            self.pending.extend_from_slice(rest);
        }
        self.appended = end;
        Ok(())
    }

    /// Takes segment `index`: [`SEGMENT_BYTES`] bytes, or fewer for the content's last one.
    ///
    /// # Errors
    /// Each way not to fit has its [`BuildError`].
    pub fn put_segment(&mut self, index: u64, bytes: &[u8]) -> Result<(), BuildError> {
        let found = bytes.len() as u64;
        let wrong = BuildError::SegmentLength { index, found };
        if found == 0 || found > SEGMENT_BYTES {
            return Err(wrong);
        }
        let start = index.checked_mul(SEGMENT_BYTES).ok_or(BuildError::TooLong {
            length: u64::MAX,
            limit: self.length.limit(),
        })?;
        let end = self.bounded(start, bytes)?;
        if matches!(self.length, Length::Exactly(length) if found < SEGMENT_BYTES && end != length) {
            return Err(wrong);
        }
        if self.first_known(index, index + 1).is_some() || self.is_pending(index) {
            return Err(BuildError::Overlap { index });
        }
        if let Some(last) = self.last.as_ref().filter(|last| last.index < index) {
            return Err(BuildError::BeyondEnd {
                index,
                last: last.index,
            });
        }
        if found == SEGMENT_BYTES {
            self.add(index, bytes);
            return Ok(());
        }
        let last = self.last.as_ref().map(|last| last.index);
        if let Some(behind) = last.or_else(|| self.last_known()).filter(|behind| *behind > index) {
            return Err(BuildError::BeyondEnd {
                index: behind,
                last: index,
            });
        }
        let trees = self.grower.grow(self.engine.implementation, bytes).collect();
        self.last = Some(Last {
            index,
            bytes: found,
            trees,
        });
        Ok(())
    }

    /// The root of everything that came, with the length that it does not bind by itself.
    ///
    /// # Errors
    /// [`BuildError::Empty`], [`BuildError::Gap`], [`BuildError::WrongLength`].
    pub fn finish(mut self) -> Result<Commitment, BuildError> {
        let appended = self.appended / SEGMENT_BYTES;
        let pending = std::mem::take(&mut self.pending);
        if !pending.is_empty() {
            // Something behind a front that stops inside a segment.
            if self.last.is_some() || self.last_known().is_some_and(|known| known > appended) {
                return Err(BuildError::Gap { index: appended });
            }
            let trees = self.grower.grow(self.engine.implementation, &pending).collect();
            self.last = Some(Last {
                index: appended,
                bytes: pending.len() as u64,
                trees,
            });
        }
        let mut forest = Forest::default();
        let mut next = 0;
        for (index, tree) in self.whole {
            if index != next {
                return Err(BuildError::Gap { index: next });
            }
            next += segments(&tree);
            forest.push(tree);
        }
        let mut found = next * SEGMENT_BYTES;
        if let Some(last) = self.last {
            if last.index != next {
                return Err(BuildError::Gap { index: next });
            }
            found += last.bytes;
            last.trees.into_iter().for_each(|tree| forest.push(tree));
        }
        let shape = Shape::of(found)?;
        if let Length::Exactly(expected) = self.length
            && expected != found
        {
            return Err(BuildError::WrongLength { expected, found });
        }
        Ok(forest.submission(&shape)?.commitment())
    }

    /// The end of `bytes` at `start`, which lies within the length.
    fn bounded(&self, start: u64, bytes: &[u8]) -> Result<u64, BuildError> {
        let limit = self.length.limit();
        let length = start.saturating_add(bytes.len() as u64);
        if length > limit {
            return Err(BuildError::TooLong { length, limit });
        }
        Ok(length)
    }

    fn missing_in_pending(&self) -> usize {
        match self.pending.len() {
            0 => 0,
            pending => SEGMENT_BYTES as usize - pending,
        }
    }

    fn is_pending(&self, index: u64) -> bool {
        !self.pending.is_empty() && self.appended / SEGMENT_BYTES == index
    }

    /// The first segment from `first` to `behind`, exclusive, that is there already.
    fn first_known(&self, first: u64, behind: u64) -> Option<u64> {
        let before = self.whole.range(..=first).next_back();
        if before.is_some_and(|(start, tree)| start + segments(tree) > first) {
            return Some(first);
        }
        let whole = self.whole.range(first..behind).next().map(|(start, _)| *start);
        let last = self.last.as_ref().map(|last| last.index);
        whole.or(last.filter(|last| (first..behind).contains(last)))
    }

    /// The last of the full segments that are there.
    fn last_known(&self) -> Option<u64> {
        let (start, tree) = self.whole.last_key_value()?;
        Some(start + segments(tree) - 1)
    }

    /// Adds whole segments, the first of them being number `first`.
    fn add(&mut self, first: u64, bytes: &[u8]) {
        let engine = self.engine;
        let mut grower = std::mem::take(&mut self.grower);
        let mut index = first;
        grower.grow_all(&engine, bytes, |segment| {
            self.insert(index, segment);
            index += 1;
        });
        self.grower = grower;
    }

    /// Adds a subtree, and joins it with its other half as long as that is there.
    fn insert(&mut self, mut index: u64, mut tree: Perfect) {
        loop {
            let half = index ^ segments(&tree);
            match self.whole.get(&half) {
                Some(other) if other.height == tree.height => {
                    tree = if half < index {
                        join(other, &tree)
                    } else {
                        join(&tree, other)
                    };
                    self.whole.remove(&half);
                    index = index.min(half);
                }
                _ => {
                    self.whole.insert(index, tree);
                    return;
                }
            }
        }
    }
}

/// Segments that a subtree of whole ones covers.
fn segments(tree: &Perfect) -> u64 {
    1 << (tree.height - SEGMENT_HEIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Subtrees that are held after each of these segments.
    fn held(order: impl Iterator<Item = u64>) -> Vec<usize> {
        let mut builder = Builder::new(Length::AtMost(u64::MAX));
        let segment = vec![1; SEGMENT_BYTES as usize];
        order
            .map(|index| {
                builder.put_segment(index, &segment).unwrap();
                builder.whole.len()
            })
            .collect()
    }

    #[test]
    fn what_is_held_grows_with_the_gaps_and_not_with_the_length() {
        let in_order = held(0..32);
        assert!(
            (1..)
                .zip(&in_order)
                .all(|(count, held)| u64::count_ones(count) as usize == *held)
        );
        let backwards = held((0..32).rev());
        assert_eq!((backwards.iter().max(), backwards.last()), (Some(&5), Some(&1)));
        let every_other = held((0..32).step_by(2));
        assert_eq!(every_other.last(), Some(&16));
    }
}
