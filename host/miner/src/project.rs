//! A project's own files, got by the hashes on chain.

use bytes::Bytes;
use orv_chain::{Project, primitives::B256};
use orv_content::archive::Quota;
use orv_content::identity::{ContentKind, IdentityError, identify};
use orv_content::tree::Tree;
use orv_receipt::{
    Role,
    rule::{Documents, RuleError},
};
use orv_storage::{FetchError, Storage};
use orv_trial::archive::{OpenError, open, unpack};

/// Longest protocol.json and archive that are read, in bytes.
const LONGEST: u64 = 1 << 30;

/// What a project is judged by.
#[derive(Debug)]
pub struct ProjectFiles {
    /// protocol.json and openresearch.json, parsed.
    pub documents: Documents,
    /// The repository that the baseline was measured on.
    pub snapshot: Tree,
    /// The benchmark bundle.
    pub benchmark: Tree,
    /// The image's layout, where the benchmark names it by a root of its own.
    pub image: Option<Tree>,
}

/// Why a project's files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The bytes cannot be had.
    #[error("{file}: {source}")]
    Fetch {
        /// Which file.
        file: &'static str,
        /// Who failed how.
        source: FetchError,
    },
    /// The bytes cannot be read back from the disk.
    #[error("{file}: {source}")]
    Disk {
        /// Which file.
        file: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// protocol.json is not what its hash names.
    #[error("protocol.json: {0}")]
    Identity(#[from] IdentityError),
    /// An archive cannot be used.
    #[error(transparent)]
    Archive(#[from] OpenError),
    /// A document cannot be used.
    #[error(transparent)]
    Documents(#[from] RuleError),
}

impl ProjectFiles {
    /// Gets and opens everything, as the enclave does.
    ///
    /// # Errors
    /// [`ProjectError::Fetch`] while nobody serves a file; the others are the creator's doing.
    pub async fn fetch(storage: &Storage, project: &Project) -> Result<Self, ProjectError> {
        let protocol = bytes_of(storage, project.protocol_hash, "protocol.json").await?;
        let protocol = identify(&protocol, &project.protocol_hash.0, ContentKind::Json)?.canonical;
        let snapshot = bytes_of(storage, project.repo_snapshot_hash, "snapshot").await?;
        let snapshot = open(Role::Snapshot, project.repo_snapshot_hash, &snapshot)?.tree;
        let benchmark = bytes_of(storage, project.benchmark_hash, "benchmark").await?;
        let benchmark = open(Role::Benchmark, project.benchmark_hash, &benchmark)?.tree;
        let manifest = benchmark.file("openresearch.json").map(Bytes::as_ref);
        let documents = Documents::parse(&protocol, manifest)?;
        let image = match documents.project.image.and_then(|image| image.root) {
            Some(root) => Some(image_of(storage, B256::from(root.0)).await?),
            None => None,
        };
        Ok(Self {
            documents,
            snapshot,
            benchmark,
            image,
        })
    }
}

async fn image_of(storage: &Storage, root: B256) -> Result<Tree, ProjectError> {
    let bytes = bytes_of(storage, root, "image").await?;
    Ok(unpack("image", root, &bytes, &Quota::image())?.tree)
}

async fn bytes_of(storage: &Storage, hash: B256, file: &'static str) -> Result<Bytes, ProjectError> {
    let fetched = storage
        .get_by_hash(hash.0)
        .await
        .map_err(|source| ProjectError::Fetch { file, source })?;
    fetched
        .read(LONGEST)
        .map(Bytes::from)
        .map_err(|source| ProjectError::Disk { file, source })
}
