//! What a miner hands in: a whole tree, as the tar that its code hash names.

use std::path::Path;

use bytes::Bytes;
use orv_content::Root;
use orv_content::archive::{self, Quota};
use orv_content::materialize::{ReadError, read_directory};
use orv_content::merkle::root_of;
use orv_content::tree::Tree;
use orv_protocol::surface::{self, Difference, SurfaceError};

use crate::project::ProjectFiles;

/// A candidate, packed.
#[derive(Debug, Clone)]
pub struct Candidate {
    tree: Tree,
    archive: Bytes,
    root: Root,
}

/// Why a candidate cannot be handed in.
#[derive(Debug, thiserror::Error)]
pub enum CandidateError {
    /// There is not one file.
    #[error("the candidate has no file")]
    Empty,
    /// The folder cannot be read as a tree.
    #[error(transparent)]
    Folder(#[from] ReadError),
    /// The project's and the candidate's files cannot be laid together.
    #[error(transparent)]
    Surface(#[from] SurfaceError),
    /// The benchmark's folders cannot be used.
    #[error("benchmark: {0}")]
    Benchmark(orv_content::tree::TreeError),
    /// The project allows less.
    #[error("the candidate has {found} {unit}, the project allows {allowed}")]
    TooLarge {
        /// What there is.
        found: u64,
        /// What is allowed.
        allowed: u64,
        /// Bytes or files.
        unit: &'static str,
    },
    /// With everything outside the mutable surface undone, nothing is left of the candidate.
    #[error("the candidate changes nothing inside the project's mutable surface")]
    NothingChanges,
}

impl Candidate {
    /// Packs a tree: sorted, without times and owners, so that equal files give an equal root (DESIGN 5.8).
    ///
    /// # Errors
    /// [`CandidateError::Empty`].
    pub fn of(tree: Tree) -> Result<Self, CandidateError> {
        if tree.is_empty() {
            return Err(CandidateError::Empty);
        }
        let archive = Bytes::from(archive::write(&tree));
        let root = root_of(&archive).map_err(|_| CandidateError::Empty)?;
        Ok(Self { tree, archive, root })
    }

    /// Packs a work tree; everything named `.git` is left out.
    ///
    /// # Errors
    /// What cannot be read, and what no archive could hold.
    pub fn from_folder(folder: &Path) -> Result<Self, CandidateError> {
        Self::of(read_directory(folder, &Quota::project())?)
    }

    /// Its files.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The tar.
    pub fn archive(&self) -> &Bytes {
        &self.archive
    }

    /// The tar's 0G root: the proposal's code hash.
    pub fn root(&self) -> Root {
        self.root
    }

    /// What will be undone: where it differs from the project outside the mutable surface.
    ///
    /// # Errors
    /// A candidate larger than the project allows, one that changes nothing, or files that cannot be laid together.
    pub fn check(&self, project: &ProjectFiles) -> Result<Vec<Difference>, CandidateError> {
        let sizes = &project.documents.project.sizes;
        let bounds = [
            (self.tree.total_bytes(), sizes.candidate_bytes, "bytes"),
            (self.tree.len() as u64, sizes.candidate_entries, "files"),
        ];
        for (found, allowed, unit) in bounds {
            if let Some(allowed) = allowed.filter(|allowed| found > *allowed) {
                return Err(CandidateError::TooLarge { found, allowed, unit });
            }
        }
        let harness = project
            .benchmark
            .subtree("harness")
            .map_err(CandidateError::Benchmark)?;
        let protocol = &project.documents.protocol;
        let laid = surface::compose(&project.snapshot, &harness, Some(&self.tree), protocol)?;
        let unchanged = surface::compose(&project.snapshot, &harness, None, protocol)?;
        if laid.tree == unchanged.tree {
            return Err(CandidateError::NothingChanges);
        }
        Ok(laid.differences)
    }
}
