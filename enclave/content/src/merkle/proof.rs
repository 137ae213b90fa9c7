//! Proofs that a segment belongs to a root.
//!
//! Stricter than the reference clients (0G Storage reference 1): the root is always compared, the path must be the one
//! that the shape demands, and siblings in the padding must be zero subtrees.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::EmptyContent;
use super::forest::{padded_root, parents};
use super::shape::{CHUNK_BYTES, SEGMENT_BYTES, SEGMENT_CHUNKS, Shape};
use crate::hash::Root;
use crate::keccak::{Digest, parent};

/// Why a segment or its proof is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProofError {
    /// There is nothing to prove about empty content.
    #[error(transparent)]
    Empty(#[from] EmptyContent),
    /// The tree has no such segment.
    #[error("segment {index} lies outside the tree of {segments} segments")]
    OutsideTree {
        /// Index asked for.
        index: u64,
        /// Segments of the tree, with those of padding only.
        segments: u64,
    },
    /// The data has neither the segment's exact size nor that size filled to whole chunks.
    #[error("segment {index} holds {expected} bytes, {found} were given")]
    DataLength {
        /// Index of the segment.
        index: u64,
        /// Bytes of content in the segment.
        expected: u64,
        /// Bytes given.
        found: u64,
    },
    /// The fill of the last chunk is not zero.
    #[error("segment {index} is filled with bytes other than zero")]
    FillNotZero {
        /// Index of the segment.
        index: u64,
    },
    /// The path is not the one that leads from this index to the root.
    #[error("the path of {found} steps does not lead from segment {index}, which is {expected} steps deep")]
    Path {
        /// Index of the segment.
        index: u64,
        /// Steps from the segment to the root.
        expected: usize,
        /// Steps of the proof.
        found: usize,
    },
    /// The lemma has not one sibling for each step between the segment root and the file root.
    #[error("the lemma has {found} hashes, {expected} are needed")]
    LemmaLength {
        /// Hashes that the path needs.
        expected: usize,
        /// Hashes of the proof.
        found: usize,
    },
    /// The data does not hash to the lemma's first hash.
    #[error("the data hashes to {found}, the lemma begins with {expected}")]
    SegmentRoot {
        /// First hash of the lemma.
        expected: Root,
        /// Root computed from the data.
        found: Root,
    },
    /// A sibling that covers padding only is not the root of zeros.
    #[error("sibling {step} covers padding only but is not the root of zero chunks")]
    PaddingSibling {
        /// Step from the bottom.
        step: usize,
    },
    /// The proof leads to another root.
    #[error("the proof leads to {found}, not to {expected}")]
    OtherRoot {
        /// Root that was to be proved.
        expected: Root,
        /// Root that the proof leads to, or claims to.
        found: Root,
    },
}

/// The proof of one segment, in the form that storage nodes exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentProof {
    /// Segment root, siblings from the bottom to the top, file root; one hash where these are the same.
    pub lemma: Vec<Root>,
    /// For each sibling, whether the proved node is the left one of the two.
    pub path: Vec<bool>,
}

/// One level on the way from the top of the tree to a segment.
struct Step {
    is_left: bool,
    /// First segment that the sibling covers, and the one after its last.
    sibling: (u64, u64),
}

/// The steps from segment `index` of `segments` up to the root.
fn steps(segments: u64, index: u64) -> Vec<Step> {
    let (mut first, mut count) = (0, segments);
    let mut steps = Vec::new();
    while count > 1 {
        let half = count.next_power_of_two() / 2;
        let middle = first + half;
        if index < middle {
            steps.push(Step {
                is_left: true,
                sibling: (middle, first + count),
            });
            count = half;
        } else {
            steps.push(Step {
                is_left: false,
                sibling: (first, middle),
            });
            first = middle;
            count -= half;
        }
    }
    steps.reverse();
    steps
}

impl SegmentProof {
    /// Checks that `data` is segment `index` of the content with this root and shape. `data` is the segment's content,
    /// or that filled with zeros to whole chunks, which is how nodes send the last one; empty for padding.
    ///
    /// # Errors
    /// Each way to be wrong has its [`ProofError`].
    pub fn verify(&self, root: &Root, shape: &Shape, index: u64, data: &[u8]) -> Result<(), ProofError> {
        let segment = segment_root(shape, index, data)?;
        let steps = steps(shape.proof_segments(), index);
        if !steps.iter().map(|step| step.is_left).eq(self.path.iter().copied()) {
            return Err(ProofError::Path {
                index,
                expected: steps.len(),
                found: self.path.len(),
            });
        }
        let siblings = self.siblings(steps.len())?;
        if let Some(&expected) = self.lemma.first().filter(|first| **first != segment) {
            return Err(ProofError::SegmentRoot {
                expected,
                found: segment,
            });
        }
        let mut node = segment.0;
        for (number, (step, sibling)) in steps.iter().zip(siblings).enumerate() {
            if padding_root(shape, step.sibling).is_some_and(|zeros| zeros != sibling.0) {
                return Err(ProofError::PaddingSibling { step: number });
            }
            node = if step.is_left {
                parent(&node, &sibling.0)
            } else {
                parent(&sibling.0, &node)
            };
        }
        let claimed = self.lemma.last().copied().unwrap_or(segment);
        match [Root(node), claimed].into_iter().find(|found| found != root) {
            Some(found) => Err(ProofError::OtherRoot { expected: *root, found }),
            None => Ok(()),
        }
    }

    /// The hashes between the segment root and the file root.
    fn siblings(&self, steps: usize) -> Result<&[Root], ProofError> {
        let expected = if steps == 0 { 1 } else { steps + 2 };
        let wrong = ProofError::LemmaLength {
            expected,
            found: self.lemma.len(),
        };
        if self.lemma.len() != expected {
            return Err(wrong);
        }
        if steps == 0 {
            Ok(&[])
        } else {
            self.lemma.get(1..=steps).ok_or(wrong)
        }
    }
}

/// The root of zero chunks over these segments when no content reaches into them.
fn padding_root(shape: &Shape, (first, end): (u64, u64)) -> Option<Digest> {
    let start = first * SEGMENT_CHUNKS;
    let end = (end * SEGMENT_CHUNKS).min(shape.padded_chunks());
    if start < shape.chunks() {
        None
    } else {
        padded_root(&[], end - start)
    }
}

/// The root of segment `index`, computed from its data as [`SegmentProof::verify`] takes it.
///
/// # Errors
/// An index outside the tree, data of another length, or a fill that is not zero.
pub fn segment_root(shape: &Shape, index: u64, data: &[u8]) -> Result<Root, ProofError> {
    let outside = ProofError::OutsideTree {
        index,
        segments: shape.proof_segments(),
    };
    let (Some(size), Some(chunks)) = (shape.segment_size(index), shape.segment_chunks(index)) else {
        return Err(outside);
    };
    let found = data.len() as u64;
    if found != size && found != size.next_multiple_of(CHUNK_BYTES) {
        return Err(ProofError::DataLength {
            index,
            expected: size,
            found,
        });
    }
    if data.iter().skip(size as usize).any(|byte| *byte != 0) {
        return Err(ProofError::FillNotZero { index });
    }
    padded_root(data, chunks).map(Root).ok_or(outside)
}

/// The tree over a content's segments, from which all its proofs are cut.
#[derive(Debug, Clone)]
pub struct SegmentTree {
    shape: Shape,
    /// Segment roots first, the file root alone last.
    levels: Vec<Vec<Digest>>,
}

impl SegmentTree {
    /// Hashes `bytes`.
    ///
    /// # Errors
    /// [`ProofError::Empty`] when there are none.
    pub fn of(bytes: &[u8]) -> Result<Self, ProofError> {
        let shape = Shape::of(bytes.len() as u64)?;
        let mut segments = bytes.chunks(SEGMENT_BYTES as usize);
        let roots =
            (0..shape.proof_segments()).map(|index| segment_root(&shape, index, segments.next().unwrap_or(&[])));
        Ok(Self::of_segments(shape, roots.collect::<Result<Vec<_>, _>>()?))
    }

    /// The tree over the roots of all segments, those of padding only included: what [`segment_root`] gives for each.
    /// For content that is read segment by segment.
    pub fn of_segments(shape: Shape, roots: Vec<Root>) -> Self {
        let mut level: Vec<Digest> = roots.into_iter().map(|root| root.0).collect();
        let mut levels = Vec::new();
        while level.len() > 1 {
            let next = parents(&level);
            levels.push(level);
            level = next;
        }
        levels.push(level);
        Self { shape, levels }
    }

    /// The content's root, where there are segments at all.
    pub fn root(&self) -> Option<Root> {
        self.levels.last().and_then(|top| top.first()).copied().map(Root)
    }

    /// The content's shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The proof of segment `index`; segments of padding only have one too.
    ///
    /// # Errors
    /// [`ProofError::OutsideTree`].
    pub fn prove(&self, index: u64) -> Result<SegmentProof, ProofError> {
        let outside = ProofError::OutsideTree {
            index,
            segments: self.shape.proof_segments(),
        };
        let Ok(mut position) = usize::try_from(index) else {
            return Err(outside);
        };
        let segment = self
            .levels
            .first()
            .and_then(|level| level.get(position))
            .ok_or(outside)?;
        let mut lemma = vec![Root(*segment)];
        let mut path = Vec::new();
        for level in &self.levels {
            // A promoted node has no sibling and adds no step.
            if let Some(sibling) = level.get(position ^ 1) {
                lemma.push(Root(*sibling));
                path.push(position.is_multiple_of(2));
            }
            position /= 2;
        }
        if !path.is_empty() {
            lemma.extend(self.levels.last().into_iter().flatten().copied().map(Root));
        }
        Ok(SegmentProof { lemma, path })
    }
}

/// The proof of segment `index` of `bytes`; for several proofs of one content use [`SegmentTree`].
///
/// # Errors
/// Empty content, or an index outside its tree.
pub fn prove(bytes: &[u8], index: u64) -> Result<SegmentProof, ProofError> {
    SegmentTree::of(bytes)?.prove(index)
}
