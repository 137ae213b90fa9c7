//! The tree while it grows: perfect subtrees of descending height, folded from the right at the end.

use std::convert::Infallible;
use std::sync::LazyLock;

use super::shape::{SEGMENT_BYTES, SEGMENT_CHUNKS};
use super::{EmptyContent, Engine, Shape, Submission, SubmissionNode};
use crate::hash::Root;
use crate::keccak::{Digest, Implementation, leaf, parent};
use crate::parallel::share_out;

const CHUNK: usize = super::shape::CHUNK_BYTES as usize;

/// Height of a full segment's root.
pub(super) const SEGMENT_HEIGHT: u32 = SEGMENT_CHUNKS.ilog2();

/// Bytes hashed level by level together: eight segments, so that the widest implementation finds a full batch up to the
/// segments' roots, and few enough for their digests to stay near the processor.
const GROUP: usize = 8 * SEGMENT_BYTES as usize;

/// A perfect subtree over `2^height` chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Perfect {
    pub root: Digest,
    pub height: u32,
}

/// Perfect subtrees of strictly descending height, left to right: the binary digits of the number of chunks.
#[derive(Debug, Clone, Default)]
pub(super) struct Forest {
    trees: Vec<Perfect>,
    chunks: u64,
    grower: Grower,
}

impl Forest {
    /// Appends whole segments of content. The last call may bring any bytes; a partial last chunk is filled with zeros.
    pub fn absorb(&mut self, engine: &Engine, content: &[u8]) {
        let mut grower = std::mem::take(&mut self.grower);
        grower.grow_all(engine, content, |tree| self.push(tree));
        self.grower = grower;
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

    /// What the Flow contract is told about a content of this shape, all of which has been appended.
    pub fn submission(mut self, shape: &Shape) -> Result<Submission, EmptyContent> {
        self.pad_to(shape.padded_chunks());
        let root = self.root().map(Root).ok_or(EmptyContent)?;
        let nodes = self.trees.iter().map(|tree| SubmissionNode {
            root: Root(tree.root),
            height: tree.height,
        });
        Ok(Submission {
            root,
            length: shape.size(),
            nodes: nodes.collect(),
        })
    }

    /// The root over everything, an odd last node being promoted unchanged; `None` when nothing was appended.
    pub fn root(&self) -> Option<Digest> {
        self.trees
            .iter()
            .map(|tree| tree.root)
            .rev()
            .reduce(|right, left| parent(&left, &right))
    }

    /// Appends a subtree; the chunks before it must be a multiple of those that it covers.
    pub fn push(&mut self, tree: Perfect) {
        let mut tree = tree;
        self.chunks += 1 << tree.height;
        while let Some(left) = self.trees.pop_if(|last| last.height == tree.height) {
            tree = join(&left, &tree);
        }
        self.trees.push(tree);
    }
}

/// The subtree that two of equal height are the halves of.
pub(super) fn join(left: &Perfect, right: &Perfect) -> Perfect {
    Perfect {
        root: parent(&left.root, &right.root),
        height: left.height + 1,
    }
}

/// Turns content into perfect subtrees; keeps its two buffers from one group to the next.
#[derive(Debug, Clone, Default)]
pub(super) struct Grower {
    level: Vec<Digest>,
    next: Vec<Digest>,
}

impl Grower {
    /// Hands `take` the perfect subtrees of content that begins a segment, left to right.
    pub fn grow_all(&mut self, engine: &Engine, content: &[u8], mut take: impl FnMut(Perfect)) {
        if engine.threads.get() > 1 && content.len() > GROUP {
            grow_in_parallel(engine, content).into_iter().for_each(take);
            return;
        }
        for group in content.chunks(GROUP) {
            self.grow(engine.implementation, group).for_each(&mut take);
        }
    }

    /// The perfect subtrees of a group, left to right: one for each whole segment, then the binary digits of what is
    /// left. All segments rise together, level by level.
    pub fn grow(&mut self, implementation: Implementation, group: &[u8]) -> impl Iterator<Item = Perfect> {
        self.level.clear();
        leaves(implementation, group, &mut self.level);
        let mut rest = Vec::new();
        for height in 0..SEGMENT_HEIGHT {
            let (pairs, odd) = self.level.as_chunks::<2>();
            rest.extend(odd.iter().map(|&root| Perfect { root, height }));
            self.next.clear();
            implementation.parents(pairs, &mut self.next);
            std::mem::swap(&mut self.level, &mut self.next);
        }
        let segments = self.level.iter().map(|&root| Perfect {
            root,
            height: SEGMENT_HEIGHT,
        });
        segments.chain(rest.into_iter().rev())
    }
}

/// What [`Grower::grow`] gives for each group of `content`, one group after the other.
fn grow_in_parallel(engine: &Engine, content: &[u8]) -> Vec<Perfect> {
    let groups = content.chunks(GROUP);
    let mut grown = vec![Vec::new(); groups.len()];
    let begin = || Ok(Grower::default());
    let Ok(()) = share_out(
        engine.threads,
        groups.zip(&mut grown),
        begin,
        |grower, (group, place)| {
            place.extend(grower.grow(engine.implementation, group));
            Ok::<_, Infallible>(())
        },
    );
    grown.into_iter().flatten().collect()
}

/// The root over `content` filled with zeros to `chunks` chunks; `None` when that is none.
pub(super) fn padded_root(content: &[u8], chunks: u64) -> Option<Digest> {
    let mut forest = Forest::default();
    forest.absorb(&Engine::one_thread(), content);
    forest.pad_to(chunks);
    forest.root()
}

/// The root over `2^height` zero chunks.
pub(super) fn zeros(height: u32) -> Digest {
    /// Of every height that a tree can have: at most 2^56 chunks.
    static ZEROS: LazyLock<Vec<Digest>> = LazyLock::new(|| {
        let roots = std::iter::successors(Some(leaf(&[0; CHUNK])), |root| Some(parent(root, root)));
        roots.take(57).collect()
    });
    let known = usize::try_from(height).ok().and_then(|height| ZEROS.get(height));
    known
        .copied()
        .unwrap_or_else(|| (0..height).fold(leaf(&[0; CHUNK]), |root, _| parent(&root, &root)))
}

/// The next level: neighbours hashed together, an odd last node moved up unchanged.
pub(super) fn parents(level: &[Digest]) -> Vec<Digest> {
    let (pairs, odd) = level.as_chunks::<2>();
    let mut next = Vec::with_capacity(pairs.len() + odd.len());
    Implementation::fastest().parents(pairs, &mut next);
    next.extend_from_slice(odd);
    next
}

/// Appends the hashes of the chunks, the last one filled with zeros.
fn leaves(implementation: Implementation, content: &[u8], digests: &mut Vec<Digest>) {
    let (chunks, rest) = content.as_chunks::<CHUNK>();
    implementation.leaves(chunks, digests);
    if !rest.is_empty() {
        let mut chunk = [0; CHUNK];
        for (to, from) in chunk.iter_mut().zip(rest) {
            *to = *from;
        }
        digests.push(leaf(&chunk));
    }
}
