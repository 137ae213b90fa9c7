//! Content on its way out: where its bytes are, and everything that is computed from them.

use std::{fs::File, io, os::unix::fs::FileExt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use orv_content::merkle::{CHUNK_BYTES, RootHasher, SEGMENT_BYTES, SegmentTree, Shape, Submission, segment_root};
use tokio::task::spawn_blocking;

use crate::{error::PublishError, node::SegmentWithProof};

/// Where the bytes are.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// In memory.
    Bytes(Bytes),
    /// In a file of this length, which is read a segment at a time.
    File(Arc<File>, u64),
}

impl From<Bytes> for Source {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl Source {
    /// An open file.
    pub(crate) fn file(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self::File(Arc::new(file), length))
    }

    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, length) => *length,
        }
    }

    /// The bytes of one segment. Blocks.
    pub(crate) fn segment(&self, shape: &Shape, index: u64) -> io::Result<Bytes> {
        let size = shape.segment_size(index).unwrap_or_default();
        let length = usize::try_from(size).map_err(io::Error::other)?;
        let start = index.saturating_mul(SEGMENT_BYTES);
        if length == 0 {
            // Padding only; it lies behind the content's end.
            return Ok(Bytes::new());
        }
        match self {
            Self::Bytes(bytes) => {
                let start = usize::try_from(start).map_err(io::Error::other)?;
                let whole = bytes
                    .get(start..start.saturating_add(length))
                    .map(|part| bytes.slice_ref(part));
                whole.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
            }
            Self::File(file, _) => {
                let mut segment = vec![0; length];
                file.read_exact_at(&mut segment, start)?;
                Ok(segment.into())
            }
        }
    }
}

/// Content with its tree and its submission.
pub(super) struct Prepared {
    source: Source,
    pub(super) tree: SegmentTree,
    pub(super) submission: Submission,
}

/// Hashes the content, a segment at a time.
pub(super) async fn prepare(source: Source) -> Result<Prepared, PublishError> {
    let computed = spawn_blocking(move || {
        let shape = Shape::of(source.length()).map_err(|_| PublishError::Empty)?;
        let mut hasher = RootHasher::new();
        let mut roots = Vec::new();
        for index in 0..shape.proof_segments() {
            let segment = source.segment(&shape, index)?;
            hasher.update(&segment);
            roots.push(segment_root(&shape, index, &segment).map_err(|_| PublishError::Changed(index))?);
        }
        Ok(Prepared {
            source,
            tree: SegmentTree::of_segments(shape, roots),
            submission: hasher.finish_submission().map_err(|_| PublishError::Empty)?,
        })
    });
    computed.await.map_err(|_| PublishError::Stopped)?
}

impl Prepared {
    /// A segment as nodes take it: the last chunk filled with zeros. Content that is no longer what was hashed is not
    /// sent: nodes would refuse it for a reason that is not theirs.
    pub(super) async fn segment(self: &Arc<Self>, index: u64) -> Result<SegmentWithProof, PublishError> {
        let prepared = Arc::clone(self);
        let made = spawn_blocking(move || prepared.read_segment(index));
        made.await.map_err(|_| PublishError::Stopped)?
    }

    fn read_segment(&self, index: u64) -> Result<SegmentWithProof, PublishError> {
        let changed = PublishError::Changed(index);
        let (root, shape) = (self.submission.root, self.tree.shape());
        let mut data = self.source.segment(shape, index)?.to_vec();
        let Ok(proof) = self.tree.prove(index) else {
            return Err(changed);
        };
        if proof.verify(&root, shape, index, &data).is_err() {
            return Err(changed);
        }
        data.resize(data.len().next_multiple_of(CHUNK_BYTES as usize), 0);
        Ok(SegmentWithProof {
            root,
            data: STANDARD.encode(&data),
            index,
            proof,
            file_size: self.submission.length,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use orv_content::merkle::root_of;

    use super::*;

    fn file(bytes: &[u8]) -> (File, Source) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        (file.try_clone().unwrap(), Source::file(file).unwrap())
    }

    #[tokio::test]
    async fn a_file_and_its_bytes_are_prepared_alike() {
        // The last one ends in a segment of padding only.
        for size in [1, 256, 262_145, 1_100_000, 4_194_305] {
            let bytes: Vec<u8> = (0..size).map(|position: u32| (position % 251) as u8).collect();
            let from_file = Arc::new(prepare(file(&bytes).1).await.unwrap());
            let from_bytes = Arc::new(prepare(Bytes::from(bytes.clone()).into()).await.unwrap());
            assert_eq!(from_file.submission, from_bytes.submission);
            assert_eq!(from_file.tree.root(), root_of(&bytes).ok());
            for index in 0..from_file.tree.shape().data_segments() {
                let (one, other) = (
                    from_file.segment(index).await.unwrap(),
                    from_bytes.segment(index).await.unwrap(),
                );
                assert_eq!((one.data, one.proof), (other.data, other.proof));
            }
        }
    }

    #[tokio::test]
    async fn a_file_that_changes_meanwhile_is_noticed() {
        let (handle, source) = file(&[7; 600_000]);
        let prepared = Arc::new(prepare(source).await.unwrap());
        handle.write_all_at(b"other", 300_000).unwrap();
        assert!(prepared.segment(0).await.is_ok());
        assert!(matches!(prepared.segment(1).await, Err(PublishError::Changed(1))));
        handle.set_len(1000).unwrap();
        assert!(matches!(prepared.segment(2).await, Err(PublishError::Unreadable(_))));
    }
}
