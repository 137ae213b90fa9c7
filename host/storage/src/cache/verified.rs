//! A file that was hashed when it was opened, and is held open.

use std::{
    fs::File,
    io::{self, Read},
    os::{fd::AsRawFd, unix::fs::FileExt},
    path::PathBuf,
    sync::Arc,
};

use orv_content::{Sha256Hasher, identity::MatchedHash, merkle::RootHasher};

use super::Name;

/// Bytes read at a time while hashing.
const PIECE_BYTES: usize = 1 << 20;

/// A file whose bytes had the expected hash when it was handed out. It stays in the cache while a clone of this lives.
#[derive(Debug, Clone)]
pub struct VerifiedFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its length in bytes.
    pub size: u64,
    /// Which hash of it was the expected one.
    pub matched: MatchedHash,
    file: Arc<File>,
}

impl PartialEq for VerifiedFile {
    fn eq(&self, other: &Self) -> bool {
        (&self.path, self.size, self.matched) == (&other.path, other.size, other.matched)
    }
}

impl Eq for VerifiedFile {}

impl VerifiedFile {
    pub(super) fn new(path: PathBuf, size: u64, matched: MatchedHash, file: File) -> Self {
        Self {
            path,
            size,
            matched,
            file: Arc::new(file),
        }
    }

    /// The very file that was verified, from its beginning, whatever has become of its name.
    ///
    /// # Errors
    /// The system's reason.
    pub fn open(&self) -> io::Result<File> {
        File::open(format!("/proc/self/fd/{}", self.file.as_raw_fd()))
    }

    /// All bytes, when there are at most `limit`.
    ///
    /// # Errors
    /// The system's reason, or a file longer than the limit.
    pub fn read(&self, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open()?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("more than {limit} bytes"),
            ));
        }
        Ok(bytes)
    }
}

/// A hash of a file, of the kind that its name has, and its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) hash: Name,
    pub(crate) size: u64,
}

impl Identity {
    /// Whether the file is what a name says.
    pub(crate) fn is(&self, name: &Name) -> bool {
        self.hash == *name
    }
}

/// Hashes a file as its name asks for; `None` when it is empty. Blocks.
pub(crate) fn identity_of(file: &File, name: &Name) -> io::Result<Option<Identity>> {
    let mut hasher = match name {
        Name::Root(_) => Hasher::Root(RootHasher::new()),
        Name::Sha256(_) => Hasher::Sha256(Sha256Hasher::new()),
    };
    let mut buffer = vec![0_u8; PIECE_BYTES];
    let mut size = 0_u64;
    loop {
        let count = file.read_at(&mut buffer, size)?;
        let Some(piece) = buffer.get(..count).filter(|piece| !piece.is_empty()) else {
            break;
        };
        hasher.update(piece);
        size = size.saturating_add(count as u64);
    }
    Ok(match hasher {
        _ if size == 0 => None,
        Hasher::Root(hasher) => hasher.finish().ok().map(|(root, _)| named(Name::Root(root), size)),
        Hasher::Sha256(hasher) => Some(named(Name::Sha256(hasher.finish()), size)),
    })
}

fn named(hash: Name, size: u64) -> Identity {
    Identity { hash, size }
}

enum Hasher {
    Root(RootHasher),
    Sha256(Sha256Hasher),
}

impl Hasher {
    fn update(&mut self, piece: &[u8]) {
        match self {
            Self::Root(hasher) => hasher.update(piece),
            Self::Sha256(hasher) => hasher.update(piece),
        }
    }
}
