//! Content on this machine's disk, named by its hash and checked each time it is read.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use orv_content::{Root, Sha256, Sha256Hasher, identity::MatchedHash, merkle::RootHasher};

/// Bytes read at a time while hashing.
const PIECE_BYTES: usize = 1 << 20;

/// A directory of content. Files appear in it complete or not at all: written aside, flushed, renamed.
#[derive(Debug, Clone)]
pub struct Cache {
    directory: PathBuf,
}

/// A file whose bytes had the expected hash when it was handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its length in bytes.
    pub size: u64,
    /// Which hash of it was the expected one.
    pub matched: MatchedHash,
}

impl VerifiedFile {
    /// All bytes, when there are at most `limit`.
    ///
    /// # Errors
    /// The system's reason, or a file longer than the limit.
    pub fn read(&self, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(&self.path)?
            .take(limit.saturating_add(1))
            .read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("more than {limit} bytes"),
            ));
        }
        Ok(bytes)
    }
}

/// The name of a piece of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Root(Root),
    Sha256(Sha256),
}

impl Name {
    fn file_name(&self) -> String {
        match self {
            Self::Root(root) => root.to_string(),
            Self::Sha256(hash) => format!("sha256-{hash}"),
        }
    }

    fn matched(&self) -> MatchedHash {
        match self {
            Self::Root(_) => MatchedHash::ZeroGRoot,
            Self::Sha256(_) => MatchedHash::Sha256,
        }
    }
}

/// Both hashes of a file, and its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hashes {
    pub(crate) root: Root,
    pub(crate) sha256: Sha256,
    pub(crate) size: u64,
}

impl Hashes {
    /// Whether the file is what a name says.
    pub(crate) fn are(&self, name: &Name) -> bool {
        match name {
            Name::Root(root) => self.root == *root,
            Name::Sha256(hash) => self.sha256 == *hash,
        }
    }
}

impl Cache {
    /// Opens a directory, creating it when it is not there.
    ///
    /// # Errors
    /// The system's reason.
    pub fn open(directory: impl Into<PathBuf>) -> io::Result<Self> {
        let directory = directory.into();
        fs::create_dir_all(&directory)?;
        Ok(Self { directory })
    }

    /// Content by name, after hashing it. A file that is not what its name says is removed. Blocks.
    pub(crate) fn find(&self, name: &Name) -> io::Result<Option<VerifiedFile>> {
        let path = self.directory.join(name.file_name());
        let hashes = match File::open(&path) {
            Ok(file) => hash(&file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match hashes {
            Some(hashes) if hashes.are(name) => Ok(Some(VerifiedFile {
                path,
                size: hashes.size,
                matched: name.matched(),
            })),
            _ => {
                tracing::warn!(path = %path.display(), "removing a cached file that is not what its name says");
                fs::remove_file(&path)?;
                Ok(None)
            }
        }
    }

    /// A file aside, to be filled and then [kept](Partial::keep).
    pub(crate) fn begin(&self) -> io::Result<Partial> {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
        let path = self.directory.join(format!("{}.partial", hex::encode(random)));
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
        Ok(Partial {
            file,
            path,
            directory: self.directory.clone(),
        })
    }
}

impl Cache {
    /// A verified file once more, aside. Blocks.
    pub(crate) fn copy(&self, file: &VerifiedFile) -> io::Result<Partial> {
        let mut partial = self.begin()?;
        io::copy(&mut File::open(&file.path)?, &mut partial.file)?;
        Ok(partial)
    }
}

/// A file being filled; removed when dropped before it is kept.
#[derive(Debug)]
pub(crate) struct Partial {
    file: File,
    path: PathBuf,
    directory: PathBuf,
}

impl Partial {
    pub(crate) fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    /// Hashes what was written; `None` when nothing was. Blocks.
    pub(crate) fn hashes(&self) -> io::Result<Option<Hashes>> {
        hash(&self.file)
    }

    /// Makes the content durable under its name. The caller has compared the hashes with the name. Blocks.
    pub(crate) fn keep(self, name: &Name, hashes: &Hashes) -> io::Result<VerifiedFile> {
        let path = self.directory.join(name.file_name());
        self.file.sync_all()?;
        fs::rename(&self.path, &path)?;
        sync_directory(&self.directory)?;
        Ok(VerifiedFile {
            path,
            size: hashes.size,
            matched: name.matched(),
        })
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After `keep` the name is gone already; otherwise a left-over costs disk, nothing more.
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.path.display(), %error, "cannot remove a partial file");
        }
    }
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

fn hash(file: &File) -> io::Result<Option<Hashes>> {
    let mut root = RootHasher::new();
    let mut sha256 = Sha256Hasher::new();
    let mut buffer = vec![0_u8; PIECE_BYTES];
    let mut offset = 0_u64;
    loop {
        let count = file.read_at(&mut buffer, offset)?;
        let Some(piece) = buffer.get(..count).filter(|piece| !piece.is_empty()) else {
            break;
        };
        root.update(piece);
        sha256.update(piece);
        offset = offset.saturating_add(count as u64);
    }
    Ok(root.finish().ok().map(|(root, size)| Hashes {
        root,
        sha256: sha256.finish(),
        size,
    }))
}

#[cfg(test)]
mod tests {
    use orv_content::merkle::root_of;

    use super::*;

    fn stored(cache: &Cache, content: &[u8]) -> (Name, VerifiedFile) {
        let partial = cache.begin().unwrap();
        partial.write_at(content, 0).unwrap();
        let hashes = partial.hashes().unwrap().unwrap();
        let name = Name::Root(root_of(content).unwrap());
        assert!(hashes.are(&name));
        let file = partial.keep(&name, &hashes).unwrap();
        (name, file)
    }

    #[test]
    fn kept_content_is_found_by_its_root() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::open(directory.path().join("deep/cache")).unwrap();
        let (name, file) = stored(&cache, b"content");
        assert_eq!(cache.find(&name).unwrap(), Some(file.clone()));
        assert_eq!(file.read(7).unwrap(), b"content");
        assert!(file.read(6).is_err());
    }

    #[test]
    fn an_altered_file_is_removed_rather_than_served() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::open(directory.path()).unwrap();
        let (name, file) = stored(&cache, b"content");
        fs::write(&file.path, b"CONTENT").unwrap();
        assert_eq!(cache.find(&name).unwrap(), None);
        assert!(!file.path.exists());
    }

    #[test]
    fn a_dropped_partial_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::open(directory.path()).unwrap();
        cache.begin().unwrap().write_at(b"half", 0).unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
