//! The storage node's rules: what is taken in, what is given out (0G Storage reference 3).

use bytes::Bytes;
use orv_content::Root;
use orv_content::merkle::{CHUNK_BYTES, ProofError, SEGMENT_CHUNKS, SegmentProof, Shape};

use super::error::NodeError;
use super::fault::{Fault, spoil};
use super::files::{Files, Whole, filled};
use super::submission::{Submission, Submissions};

/// Largest file that is cached before its transaction is known, in bytes.
const CACHE_LIMIT: u64 = 10 << 20;

/// How a file is named in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileId {
    /// By root: the first finalized submission of it, else the first known.
    Root(Root),
    /// By sequence number.
    Sequence(u64),
}

/// A segment on its way in or out.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Root of the file.
    pub root: Root,
    /// Bytes, filled to whole chunks.
    pub data: Bytes,
    /// Index within the file.
    pub index: u64,
    /// Proof against the root.
    pub proof: SegmentProof,
    /// Size of the file, in bytes.
    pub file_size: u64,
}

/// What is known of a file.
#[derive(Debug, Clone)]
pub struct FileStatus {
    /// Its submission.
    pub submission: Submission,
    /// All its segments are here.
    pub finalized: bool,
    /// Segments that are here while it is not.
    pub uploaded: usize,
    /// The size that is told.
    pub told_size: u64,
}

/// The node.
#[derive(Debug)]
pub struct Node {
    pub(super) submissions: Submissions,
    files: Files,
    pub(super) fault: Option<Fault>,
}

impl Node {
    /// A node over these files.
    pub fn new(submissions: Submissions, files: Files) -> Self {
        Self {
            submissions,
            files,
            fault: None,
        }
    }

    /// The submission a request means.
    pub fn find(&self, id: FileId) -> Option<&Submission> {
        let known = self.submissions.known();
        match id {
            FileId::Sequence(sequence) => usize::try_from(sequence).ok().and_then(|index| known.get(index)),
            FileId::Root(root) => {
                let mut same = known.iter().filter(|submission| submission.root == root);
                same.clone()
                    .find(|submission| self.whole(submission).is_some())
                    .or_else(|| same.next())
            }
        }
    }

    fn whole(&self, submission: &Submission) -> Option<&Whole> {
        self.files.whole(&submission.root, submission.size)
    }

    /// What is known of a file.
    pub fn status(&self, id: FileId) -> Option<FileStatus> {
        let submission = self.find(id)?;
        let lie = u64::from(self.fault == Some(Fault::LieSize));
        Some(FileStatus {
            finalized: self.whole(submission).is_some(),
            uploaded: self.files.arrived(&submission.root),
            told_size: submission.size.saturating_add(lie),
            submission: submission.clone(),
        })
    }

    /// Takes in one segment, by root or for a given submission.
    ///
    /// # Errors
    /// Everything the reference node refuses.
    pub fn upload(&mut self, segment: Segment, sequence: Option<u64>) -> Result<(), NodeError> {
        check(&segment)?;
        let submission = match sequence {
            Some(sequence) => self.find(FileId::Sequence(sequence)),
            None => self.find(FileId::Root(segment.root)),
        };
        match submission {
            Some(submission) if submission.root != segment.root => return Err(NodeError::RootAndSequence),
            Some(submission) if submission.size != segment.file_size => {
                return Err(NodeError::invalid(
                    "file_size",
                    "segment file size not matched with tx file size",
                ));
            }
            Some(submission) if self.whole(submission).is_some() => {
                return Err(NodeError::invalid("root", "already uploaded and finalized"));
            }
            None if segment.file_size > CACHE_LIMIT => {
                let reason = "caching of large file when tx is unavailable is not supported";
                return Err(NodeError::invalid("file_size", reason));
            }
            Some(_) | None => {}
        }
        let known = submission.is_some();
        self.files.insert(segment.root, segment.index, segment.data)?;
        if known {
            self.files.complete(segment.root, segment.file_size)
        } else {
            Ok(())
        }
    }

    /// Reads the chain and finalizes what was cached before its transaction.
    ///
    /// # Errors
    /// The chain or the disk.
    pub fn sync(&mut self) -> Result<(), NodeError> {
        self.submissions.sync()?;
        for submission in self.submissions.known() {
            if self.files.whole(&submission.root, submission.size).is_none() {
                self.files.complete(submission.root, submission.size)?;
            }
        }
        Ok(())
    }

    /// Chunks `start..end` of a file; `None` when they are not all here.
    ///
    /// # Errors
    /// Chunks outside the file's data, or more than a segment of them.
    pub fn chunks(&self, id: FileId, start: u64, end: u64) -> Result<Option<Bytes>, NodeError> {
        let Some(submission) = self.find(id) else {
            return Ok(None);
        };
        if start >= end || end > submission.size.div_ceil(CHUNK_BYTES) {
            return Err(NodeError::invalid("end_index", "invalid chunk index"));
        }
        if end - start > SEGMENT_CHUNKS {
            return Err(NodeError::invalid("end_index", "exceeds maximum chunks 1024"));
        }
        let mut bytes = Vec::new();
        for index in start / SEGMENT_CHUNKS..=(end - 1) / SEGMENT_CHUNKS {
            let Some(segment) = self.segment_bytes(submission, index) else {
                return Ok(None);
            };
            let first = index * SEGMENT_CHUNKS;
            let bound = |chunk: u64| usize::try_from(chunk.saturating_sub(first) * CHUNK_BYTES).unwrap_or(usize::MAX);
            let range = bound(start).min(segment.len())..bound(end).min(segment.len());
            bytes.extend_from_slice(segment.get(range).unwrap_or_default());
        }
        Ok(spoil(self.fault, bytes.into()))
    }

    fn segment_bytes(&self, submission: &Submission, index: u64) -> Option<Bytes> {
        match self.whole(submission) {
            Some(whole) => Some(filled(&whole.bytes, index)),
            None => self.files.segment(&submission.root, index),
        }
    }

    /// A segment of a finalized file with its proof.
    ///
    /// # Errors
    /// An index outside the file's data.
    pub fn proved(&self, id: FileId, index: u64) -> Result<Option<Segment>, NodeError> {
        let Some(submission) = self.find(id) else {
            return Ok(None);
        };
        let Some(whole) = self.whole(submission) else {
            return Ok(None);
        };
        let out_of_bound = NodeError::invalid("segment_index", "index out of bound");
        if index >= whole.tree.shape().data_segments() {
            return Err(out_of_bound);
        }
        let proof = whole.tree.prove(index).map_err(|_| out_of_bound)?;
        let data = spoil(self.fault, filled(&whole.bytes, index));
        let file_size = submission.size;
        Ok(data.map(|data| Segment {
            root: submission.root,
            data,
            index,
            proof,
            file_size,
        }))
    }

    /// A whole finalized file.
    pub fn content(&self, id: FileId) -> Option<Bytes> {
        spoil(self.fault, self.whole(self.find(id)?)?.bytes.clone())
    }
}

/// The reference node's checks on a segment, in its order.
fn check(segment: &Segment) -> Result<(), NodeError> {
    let shape = Shape::of(segment.file_size).map_err(|_| NodeError::invalid("file_size", "file is empty"))?;
    if segment.index >= shape.data_segments() {
        return Err(NodeError::invalid("index", "index out of bound"));
    }
    let size = shape.segment_size(segment.index).unwrap_or_default();
    if segment.data.is_empty() {
        return Err(NodeError::Call("data is empty"));
    }
    if segment.data.len() as u64 != size.next_multiple_of(CHUNK_BYTES) {
        return Err(NodeError::invalid("data", "invalid data length"));
    }
    let proof = |reason| NodeError::invalid("proof", reason);
    segment
        .proof
        .verify(&segment.root, &shape, segment.index, &segment.data)
        .map_err(|error| match error {
            ProofError::Path { .. } | ProofError::LemmaLength { .. } => proof("invalid proof"),
            ProofError::PaddingSibling { .. } => proof("invalid proof node value in the padding range"),
            _ => proof("validation failed"),
        })
}
