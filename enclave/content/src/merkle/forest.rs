//! The tree while it grows: perfect subtrees of descending height, folded from the right at the end.

use super::shape::SEGMENT_CHUNKS;
use crate::keccak::{Digest, Lanes, lanes, leaf, parent};

/// Height of a full segment's root.
const SEGMENT_HEIGHT: u32 = SEGMENT_CHUNKS.ilog2();

/// A perfect subtree over `2^height` chunks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Perfect {
    pub root: Digest,
    pub height: u32,
}

/// Perfect subtrees of strictly descending height, left to right: the binary digits of the number of chunks.
#[derive(Debug, Clone, Default)]
pub(super) struct Forest {
    trees: Vec<Perfect>,
    chunks: u64,
}

impl Forest {
    /// Appends chunks of content; a partial last chunk is filled with zeros, so only the last call may bring one.
    pub fn absorb(&mut self, content: &[u8]) {
        for segment in content.chunks(CHUNK * SEGMENT_CHUNKS as usize) {
            let mut level = leaves(segment);
            let whole = level.len() as u64 == SEGMENT_CHUNKS && self.chunks.is_multiple_of(SEGMENT_CHUNKS);
            if !whole {
                level
                    .into_iter()
                    .for_each(|root| self.push(Perfect { root, height: 0 }));
                continue;
            }
            while level.len() > 1 {
                level = parents(&level);
            }
            level.into_iter().for_each(|root| {
                self.push(Perfect {
                    root,
                    height: SEGMENT_HEIGHT,
                })
            });
        }
    }

    /// Appends zero chunks until there are `chunks` in all.
    pub fn pad_to(&mut self, chunks: u64) {
        while let Some(height) = chunks.saturating_sub(self.chunks).checked_ilog2() {
            let height = height.min(self.chunks.trailing_zeros());
            self.push(Perfect {
                root: zeros(height),
                height,
            });
        }
    }

    /// The perfect subtrees, left to right.
    pub fn trees(&self) -> &[Perfect] {
        &self.trees
    }

    /// The root over everything, an odd last node being promoted unchanged; `None` when nothing was appended.
    pub fn root(&self) -> Option<Digest> {
        self.trees
            .iter()
            .map(|tree| tree.root)
            .rev()
            .reduce(|right, left| parent(&left, &right))
    }

    fn push(&mut self, tree: Perfect) {
        let Perfect { mut root, mut height } = tree;
        self.chunks += 1 << height;
        while let Some(left) = self.trees.pop_if(|last| last.height == height) {
            root = parent(&left.root, &root);
            height += 1;
        }
        self.trees.push(Perfect { root, height });
    }
}

const CHUNK: usize = super::shape::CHUNK_BYTES as usize;

/// The root over `content` filled with zeros to `chunks` chunks; `None` when that is none.
pub(super) fn padded_root(content: &[u8], chunks: u64) -> Option<Digest> {
    let mut forest = Forest::default();
    forest.absorb(content);
    forest.pad_to(chunks);
    forest.root()
}

/// The root over `2^height` zero chunks.
pub(super) fn zeros(height: u32) -> Digest {
    (0..height).fold(leaf(&[0; CHUNK]), |root, _| parent(&root, &root))
}

/// The next level: neighbours hashed together, an odd last node moved up unchanged.
pub(super) fn parents(level: &[Digest]) -> Vec<Digest> {
    let (pairs, odd) = level.as_chunks::<2>();
    let mut next = Vec::with_capacity(pairs.len() + odd.len());
    lanes().parents(pairs, &mut next);
    next.extend_from_slice(odd);
    next
}

/// The hashes of the chunks, the last one filled with zeros.
fn leaves(content: &[u8]) -> Vec<Digest> {
    let (chunks, rest) = content.as_chunks::<CHUNK>();
    let mut digests = Vec::with_capacity(chunks.len() + 1);
    lanes().leaves(chunks, &mut digests);
    if !rest.is_empty() {
        let mut chunk = [0; CHUNK];
        for (to, from) in chunk.iter_mut().zip(rest) {
            *to = *from;
        }
        digests.push(leaf(&chunk));
    }
    digests
}
