//! What the Flow contract is told about a content (0G Storage reference 2).

use super::{Commitment, EmptyContent, RootHasher};
use crate::hash::Root;
use crate::keccak::keccak256;

/// The root of a perfect subtree of a content's padded tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubmissionNode {
    /// Root of the subtree.
    pub root: Root,
    /// The subtree covers `2^height` chunks.
    pub height: u32,
}

/// A content as it is submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The content's root.
    pub root: Root,
    /// The content's size, in bytes.
    pub length: u64,
    /// One to four nodes of strictly descending height that make up the padded tree, left to right.
    pub nodes: Vec<SubmissionNode>,
}

impl Submission {
    /// The submission of `bytes`.
    ///
    /// # Errors
    /// [`EmptyContent`] when there are none.
    pub fn of(bytes: &[u8]) -> Result<Self, EmptyContent> {
        let mut hasher = RootHasher::new();
        hasher.update(bytes);
        hasher.finish_submission()
    }

    /// The root with the length, without the nodes.
    pub fn commitment(&self) -> Commitment {
        Commitment {
            root: self.root,
            length: self.length,
        }
    }

    /// Sectors to pay for: the fee is this times the market's price per sector.
    pub fn sectors(&self) -> u64 {
        self.nodes.iter().map(|node| 1 << node.height).sum()
    }

    /// The submission's digest on the Flow contract: Keccak-256 of the nodes' roots one after the other.
    pub fn identity(&self) -> [u8; 32] {
        let roots: Vec<u8> = self.nodes.iter().flat_map(|node| node.root.0).collect();
        keccak256(&roots)
    }
}

/// The submission nodes of `bytes`, left to right.
///
/// # Errors
/// [`EmptyContent`] when there are none.
pub fn submission_nodes(bytes: &[u8]) -> Result<Vec<SubmissionNode>, EmptyContent> {
    Submission::of(bytes).map(|submission| submission.nodes)
}
