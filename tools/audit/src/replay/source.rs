//! Where the bytes of a job come from: folders, and storage nodes. Neither is believed.

use super::report::Refused;
use crate::command_line::ReplayRequest;
use crate::output::{InputError, read};
use alloy_primitives::B256;
use bytes::Bytes;
use orv_content::{Root, Sha256, merkle};
use orv_storage::{Storage, StorageOptions};
use std::path::{Path, PathBuf};

/// Longest archive that is read, in bytes: the enclave takes none that is longer.
const LONGEST: usize = 8 << 30;

/// Bytes by hash.
pub(super) struct Source {
    files: Vec<(PathBuf, Names)>,
    network: Option<Network>,
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

impl Source {
    /// Hashes every file given; reaches for the network only when a hash is not among them.
    pub(super) fn open(request: &ReplayRequest) -> Result<Self, InputError> {
        let mut files = Vec::new();
        for path in &request.from {
            for file in files_of(path)? {
                let bytes = read(&file, LONGEST)?;
                let names = Names {
                    root: merkle::root_of(&bytes).ok(),
                    sha256: Sha256::of(&bytes),
                };
                files.push((file, names));
            }
        }
        let network = request.indexer.as_deref().map(Network::open).transpose()?;
        Ok(Self { files, network })
    }

    /// The bytes that this hash names, for as far as anybody has them; whoever asks checks them.
    pub(super) fn bytes(&self, what: &str, hash: B256) -> Result<Bytes, Refused> {
        let named = |names: &Names| names.root.is_some_and(|root| root.0 == hash.0) || names.sha256.0 == hash.0;
        if let Some((path, _)) = self.files.iter().find(|(_, names)| named(names)) {
            let bytes = read(path, LONGEST).map_err(Refused::machine)?;
            return Ok(Bytes::from(bytes));
        }
        match &self.network {
            None => Err(Refused::missing(
                what,
                hash,
                "no file given has this hash, and no --indexer was given",
            )),
            Some(network) => network
                .bytes(Root(hash.0))
                .map_err(|cause| Refused::missing(what, hash, &cause)),
        }
    }
}

impl Network {
    fn open(indexer: &str) -> Result<Self, InputError> {
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
        let options = StorageOptions::new(indexer, cache.path());
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

    fn bytes(&self, root: Root) -> Result<Bytes, String> {
        let file = self.runtime.block_on(self.storage.get(root, None));
        let file = file.map_err(|error| error.to_string())?;
        let bytes = file.read(LONGEST as u64).map_err(|error| error.to_string())?;
        Ok(Bytes::from(bytes))
    }
}

/// The file itself, or the files of a folder by name.
fn files_of(path: &Path) -> Result<Vec<PathBuf>, InputError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    crate::collateral::files(path)
}
