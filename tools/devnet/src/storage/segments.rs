//! The segments a node holds, each with the proof it came with, in memory or in a directory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use orv_content::Root;
use orv_content::merkle::{SegmentProof, Shape};

use super::error::NodeError;

/// A file. A root does not bind the size (0G Storage reference 1), so two files may have one root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileKey {
    /// Its root.
    pub root: Root,
    /// Its size, in bytes.
    pub size: u64,
}

/// A segment that was proved when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvedSegment {
    /// Bytes, filled to whole chunks.
    pub data: Bytes,
    /// Proof against the file's root.
    pub proof: SegmentProof,
}

/// Everything a node holds.
#[derive(Debug)]
pub enum Segments {
    /// Gone with the process.
    Memory(HashMap<FileKey, BTreeMap<u64, ProvedSegment>>),
    /// In `ROOT-SIZE/INDEX` of a directory; here is only known which.
    Directory {
        /// The directory.
        path: PathBuf,
        /// Indices of each file.
        held: HashMap<FileKey, BTreeSet<u64>>,
    },
}

impl Segments {
    /// Those of a directory, or none and in memory.
    ///
    /// # Errors
    /// The directory cannot be made or read.
    pub fn open(directory: Option<PathBuf>) -> io::Result<Self> {
        let Some(path) = directory else {
            return Ok(Self::Memory(HashMap::new()));
        };
        std::fs::create_dir_all(&path)?;
        let mut held = HashMap::new();
        for entry in std::fs::read_dir(&path)? {
            let entry = entry?;
            if let Some(key) = entry.file_name().to_str().and_then(parse) {
                held.insert(key, indices(&entry.path())?);
            }
        }
        Ok(Self::Directory { path, held })
    }

    /// Files of which a segment is here.
    pub fn files(&self) -> impl Iterator<Item = &FileKey> {
        let (memory, directory) = match self {
            Self::Memory(files) => (Some(files.keys()), None),
            Self::Directory { held, .. } => (None, Some(held.keys())),
        };
        memory.into_iter().flatten().chain(directory.into_iter().flatten())
    }

    /// Segments of a file that are here.
    pub fn count(&self, key: &FileKey) -> usize {
        match self {
            Self::Memory(files) => files.get(key).map_or(0, BTreeMap::len),
            Self::Directory { held, .. } => held.get(key).map_or(0, BTreeSet::len),
        }
    }

    /// Whether one segment is here.
    pub fn has(&self, key: &FileKey, index: u64) -> bool {
        match self {
            Self::Memory(files) => files.get(key).is_some_and(|file| file.contains_key(&index)),
            Self::Directory { held, .. } => held.get(key).is_some_and(|file| file.contains(&index)),
        }
    }

    /// One segment. What a disk gives back is proved once more: a damaged one is not here.
    pub fn get(&self, key: &FileKey, index: u64) -> Option<ProvedSegment> {
        match self {
            Self::Memory(files) => files.get(key)?.get(&index).cloned(),
            Self::Directory { path, held } => {
                held.get(key)?.get(&index)?;
                let read = read(&place(path, key, index), key, index);
                if read.is_none() {
                    tracing::error!(root = %key.root, index, "a segment on disk is not what was written");
                }
                read
            }
        }
    }

    /// Keeps a segment.
    ///
    /// # Errors
    /// [`NodeError::Repeated`] for one that is here already, [`NodeError::Disk`].
    pub fn insert(&mut self, key: FileKey, index: u64, segment: ProvedSegment) -> Result<(), NodeError> {
        if self.has(&key, index) {
            return Err(NodeError::Repeated);
        }
        match self {
            Self::Memory(files) => {
                files.entry(key).or_default().insert(index, segment);
            }
            Self::Directory { path, held } => {
                let place = place(path, &key, index);
                write(&place, &segment).map_err(|error| NodeError::Disk {
                    path: place.display().to_string(),
                    reason: error.to_string(),
                })?;
                held.entry(key).or_default().insert(index);
            }
        }
        Ok(())
    }
}

fn place(directory: &Path, key: &FileKey, index: u64) -> PathBuf {
    directory
        .join(format!("{}-{}", key.root, key.size))
        .join(index.to_string())
}

fn parse(name: &str) -> Option<FileKey> {
    let (root, size) = name.split_once('-')?;
    Some(FileKey {
        root: root.parse().ok()?,
        size: size.parse().ok()?,
    })
}

/// Names that are no number are left-overs of a write that did not end.
fn indices(directory: &Path) -> io::Result<BTreeSet<u64>> {
    let mut indices = BTreeSet::new();
    for entry in std::fs::read_dir(directory)? {
        indices.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u64>().ok()));
    }
    Ok(indices)
}

/// The proof as JSON on one line, then the bytes. Written beside its place first, so that what stands there is whole.
fn write(place: &Path, segment: &ProvedSegment) -> io::Result<()> {
    if let Some(directory) = place.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let partial = place.with_extension("partial");
    let mut file = std::fs::File::create(&partial)?;
    file.write_all(&serde_json::to_vec(&segment.proof)?)?;
    file.write_all(b"\n")?;
    file.write_all(&segment.data)?;
    file.sync_data()?;
    std::fs::rename(&partial, place)
}

fn read(place: &Path, key: &FileKey, index: u64) -> Option<ProvedSegment> {
    let bytes = Bytes::from(std::fs::read(place).ok()?);
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let proof: SegmentProof = serde_json::from_slice(bytes.get(..end)?).ok()?;
    let data = bytes.slice(end.checked_add(1)?..);
    let shape = Shape::of(key.size).ok()?;
    proof.verify(&key.root, &shape, index, &data).ok()?;
    Some(ProvedSegment { data, proof })
}

#[cfg(test)]
mod tests {
    use orv_content::merkle::{prove, root_of};

    use super::*;

    fn file(content: &[u8]) -> (FileKey, ProvedSegment) {
        let key = FileKey {
            root: root_of(content).unwrap(),
            size: content.len() as u64,
        };
        let segment = ProvedSegment {
            data: Bytes::copy_from_slice(content),
            proof: prove(content, 0).unwrap(),
        };
        (key, segment)
    }

    #[test]
    fn a_directory_gives_back_what_was_put_there_before() {
        let directory = tempfile::tempdir().unwrap();
        let (key, segment) = file(&[7; 256]);
        let open = || Segments::open(Some(directory.path().to_owned())).unwrap();
        open().insert(key, 0, segment.clone()).unwrap();
        assert_eq!(open().get(&key, 0), Some(segment));
    }

    #[test]
    fn a_segment_that_the_disk_changed_is_not_given_out() {
        let directory = tempfile::tempdir().unwrap();
        let (key, segment) = file(&[7; 256]);
        let mut segments = Segments::open(Some(directory.path().to_owned())).unwrap();
        segments.insert(key, 0, segment).unwrap();
        let place = place(directory.path(), &key, 0);
        let mut bytes = std::fs::read(&place).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&place, bytes).unwrap();
        assert_eq!(segments.get(&key, 0), None);
    }

    #[test]
    fn a_segment_is_taken_once() {
        let mut segments = Segments::open(None).unwrap();
        let (key, segment) = file(b"once");
        segments.insert(key, 0, segment.clone()).unwrap();
        assert_eq!(segments.insert(key, 0, segment), Err(NodeError::Repeated));
    }
}
