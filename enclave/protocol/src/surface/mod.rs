//! The tree that a trial runs: the project's own files, and inside the mutable surface the candidate's.
//!
//! Tampering is not judged, it is undone (DESIGN 5.5). Everything outside the mutable surface is the project's snapshot
//! with the harness laid over it, whatever the submission has there; inside, everything is the submission's, and what
//! it does not have is deleted. Where the submission differs outside, that is recorded and measured without.
//!
//! A path is **mutable** if an allowed glob matches its full text or its last component, as upstream's gate and miner
//! read them (openresearch.md 5.1, 5.3), and nothing protects it. It is **protected** if
//! - the harness has a file there;
//! - a forbidden glob, a path of the immutable harness, or [`HARD_DENY`] matches its full text or its last component,
//!   or the full text of a directory above it, or names a directory that it is or lies in (`tests`, `tests/` and
//!   `tests/**` all protect `tests` and what is beneath).
//!
//! Protection always wins: a judge's file that a generous glob would have opened stays the judge's.
//!
//! A new path that is only another spelling of a protected one, in case, in Unicode normal form or compatibility form,
//! or by characters that nobody sees, is **an alias**: on another file system it would be the judge's file, to a reader
//! it looks like one, so it is left out. A path that the project has itself is never an alias. Submodules cannot be
//! carried by an archive; what leads to one (`.gitmodules`, a file `.git`) is protected wherever it stands.

mod alias;
mod reach;

use std::collections::BTreeSet;

use orv_content::tree::{Node, Tree, TreeError, TreePath};

use crate::document::Protocol;
use crate::weakened::{Rule, holds};

use alias::Spellings;
pub(crate) use reach::UPSTREAMS_HARD_DENY;
pub use reach::{HARD_DENY, Surface};

/// A tree to run and what was undone on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composition {
    /// The tree to run.
    pub tree: Tree,
    /// Where the submission differs outside the mutable surface, in the order of the paths' bytes.
    pub differences: Vec<Difference>,
}

/// A path outside the mutable surface where the submission is not what the project gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where.
    pub path: TreePath,
    /// How the submission differs there; the tree to run does not.
    pub kind: DifferenceKind,
}

/// How a submission differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DifferenceKind {
    /// Other content, or another mode.
    Changed = 1,
    /// Nothing there.
    Deleted = 2,
    /// Something where the project has nothing.
    Added = 3,
    /// A file, a link or a directory where the project has another of them.
    KindChanged = 4,
    /// Something at another spelling of a protected path.
    Alias = 5,
}

/// What becomes of a candidate's file at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Mutable,
    Protected,
    Alias,
}

/// The project's own files contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SurfaceError {
    /// A node of the project's has no place in its own tree.
    #[error("project's own tree cannot be laid: {0}")]
    Project(#[source] TreeError),
    /// A node of the submission's has no place, and not because the project has another there.
    #[error("candidate's tree cannot be laid: {0}")]
    Candidate(#[source] TreeError),
}

/// The tree for a submission, or for the snapshot itself where there is none.
///
/// Compared to the snapshot as the candidate's author had it, the harness that is laid over is no difference of theirs.
///
/// # Errors
/// [`SurfaceError`], with whose tree is at fault.
pub fn compose(
    snapshot: &Tree,
    harness: &Tree,
    submission: Option<&Tree>,
    protocol: &Protocol,
) -> Result<Composition, SurfaceError> {
    let project = lay_over(snapshot, harness).map_err(SurfaceError::Project)?;
    let Some(submission) = submission else {
        return Ok(Composition {
            tree: project,
            differences: Vec::new(),
        });
    };
    let surface = Surface::of(protocol);
    let harness_has = |path: &TreePath| harness.get(path).is_some() && holds(Rule::HarnessStands);
    let mutable = |path: &TreePath| !harness_has(path) && surface.is_mutable(path);
    let mut tree = Tree::new();
    for (path, node) in project.iter().filter(|(path, _)| !mutable(path)) {
        tree.insert(path.clone(), node.clone()).map_err(SurfaceError::Project)?;
    }
    let protected = Spellings::of(tree.iter().map(|(path, _)| path));
    let standing = |path: &TreePath| match mutable(path) {
        false => Standing::Protected,
        true if project.get(path).is_some() => Standing::Mutable,
        true if !holds(Rule::NoAliases) => Standing::Mutable,
        true if surface.protects_another_spelling_of(path) || protected.are_imitated_by(path) => Standing::Alias,
        true => Standing::Mutable,
    };
    let own = ProjectFiles::of(&project, snapshot);
    let mut differences = Vec::new();
    let paths: BTreeSet<&TreePath> = project.iter().chain(submission.iter()).map(|(path, _)| path).collect();
    for path in paths {
        let kind = match (standing(path), submission.get(path)) {
            (Standing::Mutable, Some(node)) => lay_candidate(&mut tree, path, node)?,
            (Standing::Mutable | Standing::Alias, None) => None,
            (Standing::Alias, Some(_)) => Some(DifferenceKind::Alias),
            (Standing::Protected, found) => own.difference(path, found),
        };
        differences.extend(kind.map(|kind| Difference {
            path: path.clone(),
            kind,
        }));
    }
    Ok(Composition { tree, differences })
}

/// Puts a node of the candidate's where it may stand; a project's own file, link or directory in its way stays.
fn lay_candidate(tree: &mut Tree, path: &TreePath, node: &Node) -> Result<Option<DifferenceKind>, SurfaceError> {
    match tree.insert(path.clone(), node.clone()) {
        Ok(_) => Ok(None),
        Err(TreeError::BeneathFile { .. } | TreeError::IsDirectory { .. }) => Ok(Some(DifferenceKind::KindChanged)),
        Err(error @ TreeError::UnsafeSymlink { .. }) => Err(SurfaceError::Candidate(error)),
    }
}

/// The project's files as they are laid, and as the candidate's author had them.
struct ProjectFiles<'a> {
    laid: &'a Tree,
    given: &'a Tree,
    directories: BTreeSet<&'a str>,
}

impl<'a> ProjectFiles<'a> {
    fn of(laid: &'a Tree, given: &'a Tree) -> Self {
        let directories = laid.iter().flat_map(|(path, _)| path.ancestors()).collect();
        ProjectFiles {
            laid,
            given,
            directories,
        }
    }

    /// How what was found at a path outside the mutable surface differs.
    fn difference(&self, path: &TreePath, found: Option<&Node>) -> Option<DifferenceKind> {
        let own = self.laid.get(path);
        if found == own || found == self.given.get(path) {
            return None;
        }
        Some(match (found, own) {
            (None, _) => DifferenceKind::Deleted,
            (Some(Node::File { .. }), Some(Node::File { .. })) => DifferenceKind::Changed,
            (Some(Node::Symlink { .. }), Some(Node::Symlink { .. })) => DifferenceKind::Changed,
            (Some(_), Some(_)) => DifferenceKind::KindChanged,
            (Some(_), None) if self.has_other_kind(path) => DifferenceKind::KindChanged,
            (Some(_), None) => DifferenceKind::Added,
        })
    }

    /// Whether the project has a directory at the path, or a file or link above it.
    fn has_other_kind(&self, path: &TreePath) -> bool {
        let stands = |above: &str| TreePath::new(above).is_ok_and(|above| self.laid.get(&above).is_some());
        self.directories.contains(path.as_str()) || path.ancestors().any(stands)
    }
}

/// The snapshot with the harness over it; where both need the same place for different kinds, the harness has it.
fn lay_over(snapshot: &Tree, harness: &Tree) -> Result<Tree, TreeError> {
    let mut tree = harness.clone();
    for (path, node) in snapshot.iter().filter(|(path, _)| harness.get(path).is_none()) {
        match tree.insert(path.clone(), node.clone()) {
            Ok(_) | Err(TreeError::BeneathFile { .. } | TreeError::IsDirectory { .. }) => {}
            Err(error @ TreeError::UnsafeSymlink { .. }) => return Err(error),
        }
    }
    Ok(tree)
}
