//! The storage node's rules: what is taken in, what is given out (0G Storage reference 3).

use bytes::Bytes;
use orv_content::Root;
use orv_content::merkle::{CHUNK_BYTES, ProofError, SEGMENT_CHUNKS, SegmentProof, Shape};

use super::error::NodeError;
use super::fault::{Fault, Faults};
use super::segments::{FileKey, ProvedSegment, Segments};
use super::shard::Shard;
use super::submission::{Submission, Submissions};

/// Largest file that is cached before its transaction is known, in bytes.
const CACHE_LIMIT: u64 = 10 << 20;
/// Most files that may wait for their transaction at a time.
const WAITING_LIMIT: usize = 1024;

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
    /// All its segments of this shard are here.
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
    pub(super) shard: Shard,
    pub(super) faults: Faults,
    segments: Segments,
}

impl Node {
    /// A node over these segments.
    pub fn new(submissions: Submissions, segments: Segments, shard: Shard) -> Self {
        Self {
            submissions,
            shard,
            faults: Faults::default(),
            segments,
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
                    .find(|submission| self.is_finalized(submission))
                    .or_else(|| same.next())
            }
        }
    }

    /// Whether every segment of this shard is here. A file without any is finalized as soon as it is known.
    fn is_finalized(&self, submission: &Submission) -> bool {
        let Ok(shape) = Shape::of(submission.size) else {
            return false;
        };
        let key = submission.key();
        (0..shape.data_segments())
            .filter(|index| self.shard.holds(submission.start, *index))
            .all(|index| self.segments.has(&key, index))
    }

    /// What is known of a file.
    pub fn status(&self, id: FileId) -> Option<FileStatus> {
        let submission = self.find(id)?;
        let finalized = self.is_finalized(submission);
        let arrived = self.segments.count(&submission.key());
        let lie = u64::from(self.faults.has(Fault::LieSize));
        Some(FileStatus {
            finalized,
            uploaded: if finalized { 0 } else { arrived },
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
            Some(submission) if self.is_finalized(submission) => {
                return Err(NodeError::invalid("root", "already uploaded and finalized"));
            }
            Some(submission) if !self.shard.holds(submission.start, segment.index) => {
                return Err(NodeError::Call("segment belongs to another shard"));
            }
            Some(_) => {}
            None if segment.file_size > CACHE_LIMIT => {
                let reason = "caching of large file when tx is unavailable is not supported";
                return Err(NodeError::invalid("file_size", reason));
            }
            None => self.room_to_wait()?,
        }
        let key = FileKey {
            root: segment.root,
            size: segment.file_size,
        };
        let (data, proof) = (segment.data, segment.proof);
        self.segments.insert(key, segment.index, ProvedSegment { data, proof })
    }

    /// Whether one more file may come before its transaction.
    fn room_to_wait(&self) -> Result<(), NodeError> {
        let known = self.submissions.known();
        let waiting = self.segments.files();
        let waiting = waiting.filter(|key| !known.iter().any(|submission| submission.key() == **key));
        match waiting.count() {
            WAITING_LIMIT.. => Err(NodeError::TooMany(WAITING_LIMIT)),
            _ => Ok(()),
        }
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
        let key = submission.key();
        let mut bytes = Vec::new();
        for index in start / SEGMENT_CHUNKS..=(end - 1) / SEGMENT_CHUNKS {
            let Some(segment) = self.segments.get(&key, index) else {
                return Ok(None);
            };
            let first = index * SEGMENT_CHUNKS;
            let bound = |chunk: u64| usize::try_from(chunk.saturating_sub(first) * CHUNK_BYTES).unwrap_or(usize::MAX);
            let range = bound(start).min(segment.data.len())..bound(end).min(segment.data.len());
            bytes.extend_from_slice(segment.data.get(range).unwrap_or_default());
        }
        Ok(self.faults.spoil(bytes.into()))
    }

    /// A segment of a finalized file with its proof.
    ///
    /// # Errors
    /// An index outside the file's data.
    pub fn proved(&self, id: FileId, index: u64) -> Result<Option<Segment>, NodeError> {
        let Some(submission) = self.find(id).filter(|submission| self.is_finalized(submission)) else {
            return Ok(None);
        };
        if Shape::of(submission.size).is_ok_and(|shape| index >= shape.data_segments()) {
            return Err(NodeError::invalid("segment_index", "index out of bound"));
        }
        let Some(segment) = self.segments.get(&submission.key(), index) else {
            return Ok(None);
        };
        let data = self.faults.spoil(segment.data);
        Ok(data.map(|data| Segment {
            root: submission.root,
            data,
            index,
            proof: segment.proof,
            file_size: submission.size,
        }))
    }

    /// One segment without any fault: what the nodes of a network give each other.
    pub fn honest(&self, key: &FileKey, index: u64) -> Option<Bytes> {
        self.segments.get(key, index).map(|segment| segment.data)
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
