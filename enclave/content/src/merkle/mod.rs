//! The Merkle tree of 0G Storage (0G Storage reference 1 and 2): chunks of 256 bytes, padded as the Flow contract
//! wants them, hashed with Keccak-256 into segment roots and a file root; submission nodes; segment proofs.

mod builder;
mod commitment;
mod engine;
mod forest;
mod proof;
mod root;
mod shape;
mod submission;

pub use builder::{BuildError, Builder, Length};
pub use commitment::{Commitment, StreamError};
pub use engine::Engine;
pub use proof::{ProofError, SegmentProof, SegmentTree, prove, segment_root};
pub use root::{RootHasher, root_of, root_with};
pub use shape::{CHUNK_BYTES, SEGMENT_BYTES, SEGMENT_CHUNKS, Shape};
pub use submission::{Submission, SubmissionNode, submission_nodes};

pub use crate::keccak::Implementation;

/// Content without bytes: 0G Storage cannot represent it, so it has neither shape nor root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("empty content has no 0G root")]
pub struct EmptyContent;
