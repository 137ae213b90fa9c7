//! The bytes a node holds: segments while they arrive, whole files once all are there.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use orv_content::Root;
use orv_content::merkle::{SEGMENT_BYTES, SegmentTree, Shape, root_of};

use super::error::NodeError;

/// Most files that may be incomplete at a time.
const INCOMPLETE_LIMIT: usize = 1024;

/// A complete file and the tree its proofs are cut from.
#[derive(Debug, Clone)]
pub struct Whole {
    /// Content.
    pub bytes: Bytes,
    /// Tree over it.
    pub tree: Arc<SegmentTree>,
}

/// Everything a node holds, by root.
#[derive(Debug, Default)]
pub struct Files {
    directory: Option<PathBuf>,
    whole: HashMap<Root, Whole>,
    arriving: HashMap<Root, BTreeMap<u64, Bytes>>,
}

impl Files {
    /// The files of a directory, each named after its root and checked against it; none without a directory.
    ///
    /// # Errors
    /// The directory cannot be made or read, or a file is not what its name says.
    pub fn open(directory: Option<PathBuf>) -> io::Result<Self> {
        let mut files = Self {
            directory,
            ..Self::default()
        };
        if let Some(directory) = files.directory.clone() {
            std::fs::create_dir_all(&directory)?;
            for entry in std::fs::read_dir(&directory)? {
                files.load(&entry?.path())?;
            }
        }
        Ok(files)
    }

    fn load(&mut self, path: &Path) -> io::Result<()> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let damaged = || {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{} is not its root", path.display()),
            )
        };
        let Ok(root) = name.parse::<Root>() else { return Ok(()) };
        let bytes = Bytes::from(std::fs::read(path)?);
        if root_of(&bytes).ok() != Some(root) {
            return Err(damaged());
        }
        let tree = SegmentTree::of(&bytes).map_err(|_| damaged())?;
        self.whole.insert(
            root,
            Whole {
                bytes,
                tree: Arc::new(tree),
            },
        );
        Ok(())
    }

    /// A complete file of this size. The root alone does not bind the size (0G Storage reference 1).
    pub fn whole(&self, root: &Root, size: u64) -> Option<&Whole> {
        self.whole.get(root).filter(|whole| whole.bytes.len() as u64 == size)
    }

    /// Segments held of a file that is not complete.
    pub fn arrived(&self, root: &Root) -> usize {
        self.arriving.get(root).map_or(0, BTreeMap::len)
    }

    /// One segment, filled to whole chunks.
    pub fn segment(&self, root: &Root, index: u64) -> Option<Bytes> {
        self.arriving.get(root)?.get(&index).cloned()
    }

    /// Takes in a verified segment.
    ///
    /// # Errors
    /// One that is here already, or too many incomplete files.
    pub fn insert(&mut self, root: Root, index: u64, segment: Bytes) -> Result<(), NodeError> {
        if self.arriving.len() >= INCOMPLETE_LIMIT && !self.arriving.contains_key(&root) {
            return Err(NodeError::TooMany(INCOMPLETE_LIMIT));
        }
        let segments = self.arriving.entry(root).or_default();
        if segments.contains_key(&index) {
            return Err(NodeError::Repeated);
        }
        segments.insert(index, segment);
        Ok(())
    }

    /// Makes the file whole when all its segments are here.
    ///
    /// # Errors
    /// The file cannot be written to the directory.
    pub fn complete(&mut self, root: Root, size: u64) -> Result<(), NodeError> {
        let Ok(shape) = Shape::of(size) else { return Ok(()) };
        let Some(segments) = self.arriving.get(&root) else {
            return Ok(());
        };
        if (segments.len() as u64) < shape.data_segments() {
            return Ok(());
        }
        let mut bytes = BytesMut::new();
        segments.values().for_each(|segment| bytes.extend_from_slice(segment));
        bytes.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        let bytes = bytes.freeze();
        let Ok(tree) = SegmentTree::of(&bytes) else {
            return Ok(());
        };
        if let Some(directory) = &self.directory {
            write(directory, &root, &bytes)?;
        }
        self.arriving.remove(&root);
        self.whole.insert(
            root,
            Whole {
                bytes,
                tree: Arc::new(tree),
            },
        );
        Ok(())
    }
}

/// Bytes of segment `index` of a whole file, filled to whole chunks.
pub fn filled(whole: &Bytes, index: u64) -> Bytes {
    let bound = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(whole.len());
    let start = bound(index.saturating_mul(SEGMENT_BYTES));
    let segment = whole.slice(start..bound(index.saturating_add(1).saturating_mul(SEGMENT_BYTES)));
    if segment.len().is_multiple_of(256) {
        return segment;
    }
    let mut bytes = segment.to_vec();
    bytes.resize(bytes.len().next_multiple_of(256), 0);
    bytes.into()
}

/// Writes beside the final name first, so that a file under a root's name is always complete.
fn write(directory: &Path, root: &Root, bytes: &[u8]) -> Result<(), NodeError> {
    let path = directory.join(root.to_string());
    let partial = directory.join(format!("{root}.partial"));
    let failed = |error: io::Error| NodeError::Disk {
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    std::fs::write(&partial, bytes).map_err(failed)?;
    std::fs::rename(&partial, &path).map_err(failed)
}
