//! Whether bytes are the content that a hash names, and where that content ends (DESIGN 5.7).
//!
//! A project's and a proposal's hashes may be 0G roots or SHA-256 digests. SHA-256 binds every byte. A root does not
//! bind trailing zeros, so whoever delivers the bytes could cut or append some; the content's own format then says
//! where it ends. Zeros that were cut are put back, as far as the root binds them, before a content is found to have no
//! end: what is found depends on the root alone, so that nobody who delivers the bytes can spoil what somebody else
//! published.

use std::borrow::Cow;

use thiserror::Error;

use crate::archive::{self, ArchiveError, Quota};
use crate::hash::{Root, Sha256};
use crate::merkle::{CHUNK_BYTES, Shape, root_of};

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identified<'a> {
    /// The hash that matched.
    pub matched: MatchedHash,
    /// The content without what its hash does not bind: the same for everybody who has this hash. A part of the bytes
    /// given, unless zeros had been cut off that belong to it.
    pub canonical: Cow<'a, [u8]>,
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
            canonical: Cow::Borrowed(bytes),
        });
    }
    Err(IdentityError::OtherContent {
        expected: Root(*expected),
        root,
        sha256,
    })
}

/// What of `bytes`, recognised by their root, is content by its own format.
fn canonical(bytes: &[u8], kind: ContentKind) -> Result<Cow<'_, [u8]>, IdentityError> {
    match front(bytes, kind) {
        Err(IdentityError::Archive(_)) => {
            let mut whole = with_all_zeros(bytes)?;
            let end = front(&whole, kind)?.len();
            whole.truncate(end);
            Ok(Cow::Owned(whole))
        }
        found => found.map(Cow::Borrowed),
    }
}

/// The longest content with the root of `bytes`: all chunks of its padded tree. Every content with this root is a front
/// of it, and the rest is zeros.
fn with_all_zeros(bytes: &[u8]) -> Result<Vec<u8>, IdentityError> {
    let shape = Shape::of(bytes.len() as u64).map_err(|_| IdentityError::Empty)?;
    let missing = shape.padded_chunks().saturating_mul(CHUNK_BYTES) - shape.size();
    let zeros = vec![0; usize::try_from(missing).unwrap_or_default()];
    Ok([bytes, &zeros].concat())
}

/// The front of `bytes` that is content by its own format.
fn front(bytes: &[u8], kind: ContentKind) -> Result<&[u8], IdentityError> {
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
