//! How much an archive, a directory or an image may hold.

use thiserror::Error;

use crate::tree::TreePath;

/// Bounds on what is read. Each is the greatest value allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Files, links and directories, those too that are only implied by a path.
    pub entries: u64,
    /// Bytes of the plain tar, headers included; of a directory, bytes of its files; of an image, bytes of all its
    /// layers.
    pub bytes: u64,
    /// Bytes of a path.
    pub path_length: usize,
    /// Components of a path.
    pub depth: usize,
    /// Plain bytes per compressed byte, beyond a first mebibyte.
    pub ratio: u64,
}

impl Quota {
    /// For snapshots, candidates and benchmarks: 65 536 entries, 1 GiB, paths of 1024 bytes and 64 components,
    /// 200 plain bytes for a compressed one.
    pub fn project() -> Self {
        Self {
            entries: 65_536,
            bytes: 1 << 30,
            path_length: 1024,
            depth: 64,
            ratio: 200,
        }
    }

    /// For container images, all layers together: 262 144 entries, 4 GiB.
    pub fn image() -> Self {
        Self {
            entries: 262_144,
            bytes: 4 << 30,
            ..Self::project()
        }
    }

    /// Checks the length and depth of a path.
    pub(crate) fn admit_path(&self, path: &TreePath) -> Result<(), QuotaError> {
        let length = path.as_str().len();
        if length > self.path_length {
            return Err(QuotaError::PathLength {
                path: path.clone(),
                limit: self.path_length,
            });
        }
        if path.components().count() > self.depth {
            return Err(QuotaError::Depth {
                path: path.clone(),
                limit: self.depth,
            });
        }
        Ok(())
    }
}

/// Which bound was passed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QuotaError {
    /// More entries than allowed.
    #[error("more than {limit} entries")]
    Entries {
        /// [`Quota::entries`].
        limit: u64,
    },
    /// More bytes than allowed.
    #[error("more than {limit} bytes")]
    Bytes {
        /// [`Quota::bytes`].
        limit: u64,
    },
    /// A path longer than allowed.
    #[error("path {path} is longer than {limit} bytes")]
    PathLength {
        /// The path.
        path: TreePath,
        /// [`Quota::path_length`].
        limit: usize,
    },
    /// A path deeper than allowed.
    #[error("path {path} is deeper than {limit} components")]
    Depth {
        /// The path.
        path: TreePath,
        /// [`Quota::depth`].
        limit: usize,
    },
    /// A layer of more compressed streams than it may have entries.
    #[error("more than {limit} compressed streams")]
    Streams {
        /// [`Quota::entries`].
        limit: u64,
    },
    /// A compressed stream that grows more than allowed.
    #[error("more than {limit} plain bytes for each compressed one")]
    Ratio {
        /// [`Quota::ratio`].
        limit: u64,
    },
}
