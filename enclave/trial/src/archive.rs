//! Archives come in: recognised by their hash, unpacked under quotas, and put on record.

use alloy_primitives::B256;
use bytes::Bytes;
use orv_content::Root;
use orv_content::archive::{ArchiveError, Quota, read};
use orv_content::identity::{ContentKind, IdentityError, MatchedHash, identify_hashed};
use orv_content::merkle::root_of;
use orv_content::tree::{Tree, TreeError, hash_of_manifest};
use orv_receipt::{Artifact, FileRecord, Matched, Role};
use std::borrow::Cow;

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
    #[error("{what}: {source}")]
    OtherBytes {
        /// Which archive.
        what: &'static str,
        /// What was found.
        source: IdentityError,
    },
    /// The right bytes, but not an archive that we unpack: whoever published them is at fault.
    #[error("{what}: {source}")]
    Archive {
        /// Which archive.
        what: &'static str,
        /// What is wrong with it.
        source: ArchiveError,
    },
    /// The right bytes, but files that cannot stand beside each other.
    #[error("{what}: {source}")]
    Tree {
        /// Which archive.
        what: &'static str,
        /// What is wrong with it.
        source: TreeError,
    },
}

/// Files that were recognised by their hash.
#[derive(Debug, Clone)]
pub struct Unpacked {
    /// The files, without a single top folder.
    pub tree: Tree,
    /// How the bytes matched the hash.
    pub matched: Matched,
    /// Length of the archive up to its canonical end, in bytes.
    pub size: u64,
}

/// Recognises and unpacks one archive of the job, and puts it on record.
///
/// # Errors
/// [`OpenError`]; it tells the deliverer's fault from the publisher's.
pub fn open(role: Role, hash: B256, bytes: &Bytes) -> Result<Opened, OpenError> {
    open_hashed(role, hash, bytes, hash_all(role.name(), bytes)?)
}

/// As [`open`], for bytes whose root was found while they came.
///
/// # Errors
/// As [`open`].
pub fn open_hashed(role: Role, hash: B256, bytes: &Bytes, root: Root) -> Result<Opened, OpenError> {
    let Unpacked { tree, matched, size } = unpack_hashed(role.name(), hash, bytes, root, &Quota::project())?;
    let manifest = tree.manifest();
    let hash_of_tree = hash_of_manifest(&manifest);
    let files = manifest.into_iter().map(|entry| FileRecord {
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
        tree: hash_of_tree,
        files: files.collect(),
    };
    Ok(Opened { tree, record })
}

/// Recognises and unpacks an archive that is on record by other means, as an image is by its digest.
///
/// # Errors
/// As [`open`].
pub fn unpack(what: &'static str, hash: B256, bytes: &Bytes, quota: &Quota) -> Result<Unpacked, OpenError> {
    unpack_hashed(what, hash, bytes, hash_all(what, bytes)?, quota)
}

fn hash_all(what: &'static str, bytes: &Bytes) -> Result<Root, OpenError> {
    let source = IdentityError::Empty;
    root_of(bytes).map_err(|_| OpenError::OtherBytes { what, source })
}

/// As [`unpack`], for bytes whose root was found while they came.
///
/// # Errors
/// As [`open`].
pub fn unpack_hashed(
    what: &'static str,
    hash: B256,
    bytes: &Bytes,
    root: Root,
    quota: &Quota,
) -> Result<Unpacked, OpenError> {
    let found = identify_hashed(bytes, root, &hash.0, ContentKind::Tar).map_err(|source| match source {
        IdentityError::Archive(source) => OpenError::Archive { what, source },
        source => OpenError::OtherBytes { what, source },
    })?;
    let matched = match found.matched {
        MatchedHash::ZeroGRoot => Matched::Root,
        MatchedHash::Sha256 => Matched::Sha256,
    };
    let size = found.canonical.len() as u64;
    let canonical = match found.canonical {
        Cow::Borrowed(front) => bytes.slice_ref(front),
        Cow::Owned(whole) => whole.into(),
    };
    let tree = read(canonical, quota).map_err(|source| OpenError::Archive { what, source })?;
    let tree = tree
        .without_top_folder()
        .map_err(|source| OpenError::Tree { what, source })?;
    Ok(Unpacked { tree, matched, size })
}
