//! Whether bytes are the content that a hash names, and where that content ends (DESIGN 5.7).
//!
//! A project's and a proposal's hashes may be 0G roots or SHA-256 digests. SHA-256 binds every byte. A root does not
//! bind trailing zeros, so whoever delivers the bytes could cut or append some; the content's own format then says
//! where it ends, and everybody who accepts the bytes at all sees the same ones.

use thiserror::Error;

use crate::archive::{self, ArchiveError, Quota};
use crate::hash::{Root, Sha256};
use crate::merkle::root_of;

/// How a content says where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentKind {
    /// At its last byte that is not NUL.
    Json,
    /// A tar ends with its first end marker, a compressed tar with its compressed stream; only zeros may follow.
    Tar,
}

/// Which hash of the bytes was the expected one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatchedHash {
    /// The 0G Storage root: what we publish.
    ZeroGRoot,
    /// SHA-256 of the exact bytes: what upstream's miners submit.
    Sha256,
}

/// Bytes that have been recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identified<'a> {
    /// The hash that matched.
    pub matched: MatchedHash,
    /// The content without what its hash does not bind: the same for everybody who has this hash.
    pub canonical: &'a [u8],
}

/// Why bytes are not the content looked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdentityError {
    /// There are no bytes.
    #[error("empty content cannot be looked for")]
    Empty,
    /// Neither hash is the expected one.
    #[error("expected {expected}, found the 0g root {root} and the sha-256 {sha256}")]
    OtherContent {
        /// The expected hash; of which kind is not known.
        expected: Root,
        /// The bytes' 0G root.
        root: Root,
        /// The bytes' SHA-256.
        sha256: Sha256,
    },
    /// A JSON content of NULs only.
    #[error("the content has no byte other than nul")]
    Blank,
    /// A tar whose end cannot be found.
    #[error("the archive's end cannot be found: {0}")]
    Archive(#[from] ArchiveError),
}

/// Recognises `bytes` by their 0G root or their SHA-256 and finds where the content ends.
///
/// # Errors
/// Other bytes, or bytes of the right root whose end cannot be found.
pub fn identify<'a>(bytes: &'a [u8], expected: &[u8; 32], kind: ContentKind) -> Result<Identified<'a>, IdentityError> {
    let root = root_of(bytes).map_err(|_| IdentityError::Empty)?;
    identify_hashed(bytes, root, expected, kind)
}

/// As [`identify`], for bytes that were hashed while they arrived ([`crate::merkle::RootHasher`],
/// [`crate::merkle::Builder`]): `root` is what their root was found to be.
///
/// # Errors
/// As [`identify`].
pub fn identify_hashed<'a>(
    bytes: &'a [u8],
    root: Root,
    expected: &[u8; 32],
    kind: ContentKind,
) -> Result<Identified<'a>, IdentityError> {
    if bytes.is_empty() {
        return Err(IdentityError::Empty);
    }
    if root.0 == *expected {
        return Ok(Identified {
            matched: MatchedHash::ZeroGRoot,
            canonical: canonical(bytes, kind)?,
        });
    }
    let sha256 = Sha256::of(bytes);
    if sha256.0 == *expected {
        return Ok(Identified {
            matched: MatchedHash::Sha256,
            canonical: bytes,
        });
    }
    Err(IdentityError::OtherContent {
        expected: Root(*expected),
        root,
        sha256,
    })
}

/// The front of `bytes` that is content by its own format.
fn canonical(bytes: &[u8], kind: ContentKind) -> Result<&[u8], IdentityError> {
    let end = match kind {
        ContentKind::Json => bytes
            .iter()
            .rposition(|byte| *byte != 0)
            .map(|last| last + 1)
            .ok_or(IdentityError::Blank)?,
        ContentKind::Tar => archive::end_of(bytes, &Quota::project())?,
    };
    Ok(bytes.get(..end).unwrap_or(bytes))
}
