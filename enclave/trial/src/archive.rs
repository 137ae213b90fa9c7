//! Archives come in: recognised by their hash, unpacked under quotas, and put on record.

use alloy_primitives::B256;
use bytes::Bytes;
use orv_content::archive::{ArchiveError, Quota, read};
use orv_content::identity::{ContentKind, IdentityError, MatchedHash, identify};
use orv_content::tree::{Tree, TreeError};
use orv_receipt::{Artifact, FileRecord, Matched, Role};

/// An archive that is what its hash says.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Its files, without a single top folder.
    pub tree: Tree,
    /// What the bundle records of it.
    pub record: Artifact,
}

/// Why an archive cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Other bytes than the hash names: whoever delivered them lies.
    #[error("{role:?}: {source}")]
    OtherBytes {
        /// Which archive.
        role: Role,
        /// What was found.
        source: IdentityError,
    },
    /// The right bytes, but not an archive that we unpack: whoever published them is at fault.
    #[error("{role:?}: {source}")]
    Archive {
        /// Which archive.
        role: Role,
        /// What is wrong with it.
        source: ArchiveError,
    },
    /// The right bytes, but files that cannot stand beside each other.
    #[error("{role:?}: {source}")]
    Tree {
        /// Which archive.
        role: Role,
        /// What is wrong with it.
        source: TreeError,
    },
}

/// Recognises and unpacks one archive.
///
/// # Errors
/// [`OpenError`]; it tells the deliverer's fault from the publisher's.
pub fn open(role: Role, hash: B256, bytes: &Bytes) -> Result<Opened, OpenError> {
    let found = identify(bytes, &hash.0, ContentKind::Tar).map_err(|source| match source {
        IdentityError::Archive(source) => OpenError::Archive { role, source },
        source => OpenError::OtherBytes { role, source },
    })?;
    let matched = match found.matched {
        MatchedHash::ZeroGRoot => Matched::Root,
        MatchedHash::Sha256 => Matched::Sha256,
    };
    let size = found.canonical.len() as u64;
    let canonical = bytes.slice_ref(found.canonical);
    let tree = read(canonical, &Quota::project()).map_err(|source| OpenError::Archive { role, source })?;
    let tree = tree
        .without_top_folder()
        .map_err(|source| OpenError::Tree { role, source })?;
    let files = tree.manifest().into_iter().map(|entry| FileRecord {
        path: entry.path.as_str().to_owned(),
        mode: entry.mode,
        size: entry.size,
        sha256: entry.sha256,
    });
    let record = Artifact {
        role,
        hash,
        matched,
        size,
        tree: tree.hash(),
        files: files.collect(),
    };
    Ok(Opened { tree, record })
}
