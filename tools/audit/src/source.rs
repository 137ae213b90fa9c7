//! Bytes by hash, from folders and from storage nodes. Neither is believed: whoever asks checks what it gets.

use crate::collateral::files;
use crate::output::{InputError, read};
use alloy_primitives::B256;
use bytes::Bytes;
use clap::Args;
use orv_chain::{Endpoint, HttpError};
use orv_content::merkle::RootHasher;
use orv_content::{Root, Sha256, Sha256Hasher};
use orv_storage::{FetchError, Storage, StorageOptions};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes read at a time while hashing.
const WINDOW: usize = 1 << 20;

/// Where bytes are.
#[derive(Debug, Args)]
pub(crate) struct SourceOptions {
    /// Files, or folders of them, that are found by hash, whatever their names are.
    #[arg(long, value_name = "PATH")]
    pub(crate) from: Vec<PathBuf>,
    /// A storage indexer to ask for what no file given has; its nodes are not believed.
    #[arg(long, value_name = "URL", value_parser = address)]
    pub(crate) indexer: Option<String>,
}

/// An address that can be asked, as it was written.
pub(crate) fn address(text: &str) -> Result<String, HttpError> {
    Endpoint::parse(text).map(|_| text.to_owned())
}

/// Bytes by hash.
pub(crate) struct Source {
    files: Vec<(PathBuf, Names)>,
    network: Option<Network>,
    longest: usize,
}

/// Both names that content may have (DESIGN 5.7).
struct Names {
    root: Option<Root>,
    sha256: Sha256,
}

struct Network {
    storage: Storage,
    runtime: tokio::runtime::Runtime,
    /// Fetched bytes wait here, and go with it.
    _cache: tempfile::TempDir,
}

/// Why there are no bytes of this hash.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    /// A file that had the hash cannot be read any more.
    #[error(transparent)]
    File(#[from] InputError),
    /// No file has it, and there is nobody to ask.
    #[error("no file given has this hash, and no indexer is known")]
    NoFile,
    /// Neither a file nor a storage node has it, or the storage network does not answer.
    #[error("{0}")]
    Storage(#[from] FetchError),
    /// What was fetched cannot be read back.
    #[error("what was fetched cannot be read back: {0}")]
    Cache(#[from] std::io::Error),
}

impl Source {
    /// Hashes every file given, in folders those of at most `longest` bytes; reaches for the network only when a hash is
    /// not among them.
    pub(crate) fn open(from: &[PathBuf], indexer: Option<&str>, longest: usize) -> Result<Self, InputError> {
        let mut hashed = Vec::new();
        for path in from {
            for file in files_of(path)? {
                match Names::of(&file, longest)? {
                    Some(names) => hashed.push((file, names)),
                    // A folder may hold what it likes; a file that was named is meant.
                    None if file == *path => return Err(too_long(file, longest)),
                    None => {}
                }
            }
        }
        Ok(Self {
            files: hashed,
            network: indexer.map(|url| Network::open(url, longest)).transpose()?,
            longest,
        })
    }

    /// The bytes that this hash names, for as far as anybody has them.
    pub(crate) fn bytes(&self, hash: B256) -> Result<Bytes, SourceError> {
        let named = |names: &Names| names.root.is_some_and(|root| root.0 == hash.0) || names.sha256.0 == hash.0;
        if let Some((path, _)) = self.files.iter().find(|(_, names)| named(names)) {
            return Ok(Bytes::from(read(path, self.longest)?));
        }
        let network = self.network.as_ref().ok_or(SourceError::NoFile)?;
        network.bytes(Root(hash.0), self.longest)
    }
}

impl Names {
    /// Read in windows, so that a file's length costs time and no memory; none for a file that is too long.
    fn of(path: &Path, longest: usize) -> Result<Option<Self>, InputError> {
        let unreadable = |cause| InputError::Unreadable {
            path: path.to_owned(),
            cause,
        };
        let file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        if length > longest as u64 {
            return Ok(None);
        }
        let mut bytes = file.take(longest as u64);
        let (mut root, mut sha256) = (RootHasher::new(), Sha256Hasher::new());
        let mut window = vec![0; WINDOW];
        loop {
            let taken = bytes.read(&mut window).map_err(unreadable)?;
            let part = window.get(..taken).unwrap_or_default();
            if part.is_empty() {
                break;
            }
            root.update(part);
            sha256.update(part);
        }
        Ok(Some(Self {
            root: root.finish().ok().map(|(root, _)| root),
            sha256: sha256.finish(),
        }))
    }
}

impl Network {
    fn open(indexer: &str, longest: usize) -> Result<Self, InputError> {
        let unusable = |cause: &dyn std::fmt::Display| InputError::Content {
            path: PathBuf::from(indexer),
            what: "a storage indexer that can be asked",
            cause: cause.to_string(),
        };
        // Every HTTP client of the process uses it. That another has been installed already is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let cache = tempfile::tempdir().map_err(|error| unusable(&error))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| unusable(&error))?;
        let options = StorageOptions {
            largest_file: longest as u64,
            ..StorageOptions::new(indexer, cache.path())
        };
        let storage = {
            let _inside = runtime.enter();
            Storage::connect(options).map_err(|error| unusable(&error))?
        };
        Ok(Self {
            storage,
            runtime,
            _cache: cache,
        })
    }

    fn bytes(&self, root: Root, longest: usize) -> Result<Bytes, SourceError> {
        let file = self.runtime.block_on(self.storage.get(root, None))?;
        Ok(Bytes::from(file.read(longest as u64)?))
    }
}

fn too_long(path: PathBuf, longest: usize) -> InputError {
    InputError::Content {
        path,
        what: "anything that could be meant here",
        cause: format!("it has more than {longest} bytes"),
    }
}

/// The file itself, or the files of a folder by name. What is neither is refused: a pipe could be read only once, or
/// never ends.
fn files_of(path: &Path) -> Result<Vec<PathBuf>, InputError> {
    let unreadable = |cause| InputError::Unreadable {
        path: path.to_owned(),
        cause,
    };
    let kind = std::fs::metadata(path).map_err(unreadable)?;
    if kind.is_dir() {
        return files(path);
    }
    if kind.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    Err(InputError::Content {
        path: path.to_owned(),
        what: "a file or a folder",
        cause: "it is a device, a socket or a pipe".to_owned(),
    })
}
