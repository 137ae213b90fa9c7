//! Unified diffs, read strictly and applied exactly.
//!
//! What a miner stakes on must be what the miner meant, so nothing here is guessed: no fuzz, no offset, no search for a
//! similar place. A hunk stands at its stated line with its stated context, in the old file and in the new, or the patch
//! is refused. Read are the output of `git diff`, `git format-patch` and `diff -u` between two folders; paths lose their
//! first component (`a/`, `b/`), as with `patch -p1`. Renames, copies and binary patches are refused.

mod apply;
mod hunk;
mod read;

use orv_content::tree::{Executable, PathError, TreeError, TreePath};

use self::hunk::Hunk;

/// Longest patch that is read, in bytes.
pub const LONGEST_PATCH: usize = 16 << 20;

/// A patch: changes of files, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    files: Vec<FileChange>,
}

/// What happens to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FileChange {
    path: TreePath,
    kind: ChangeKind,
    /// Where git states a mode.
    executable: Option<Executable>,
    hunks: Vec<Hunk>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChangeKind {
    Create,
    Modify,
    Delete,
}

/// Why bytes are not a patch that is applied. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// Longer than any patch that is read.
    #[error("patch has {0} bytes, more than {LONGEST_PATCH}")]
    TooLong(usize),
    /// Nothing in it changes a file.
    #[error("the text changes no file: there is no line that begins with \"--- \"")]
    NoChange,
    /// Rename, copy or binary content.
    #[error("line {line}: {what} is not applied; make the patch with `git diff --no-renames --text`")]
    Unsupported {
        /// Where.
        line: usize,
        /// What it is.
        what: &'static str,
    },
    /// A change of mode or an empty file, which the text says in git's own header only.
    #[error("line {line}: a file changes without a hunk, which is not applied")]
    WithoutHunks {
        /// Where.
        line: usize,
    },
    /// A header that does not look like one.
    #[error("line {line}: {found:?} is no {expected}")]
    Malformed {
        /// Where.
        line: usize,
        /// What should stand there.
        expected: &'static str,
        /// What stands there, at most 80 characters.
        found: String,
    },
    /// A path without a first component to take away.
    #[error("line {line}: path {path:?} has no first component such as \"a/\" to take away")]
    NoTopFolder {
        /// Where.
        line: usize,
        /// The path.
        path: String,
    },
    /// A path that no tree has.
    #[error("line {line}: {source}")]
    Path {
        /// Where.
        line: usize,
        /// What is wrong with it.
        source: PathError,
    },
    /// Old and new name differ.
    #[error("line {line}: the patch renames {old} to {new}, which is not applied")]
    Renamed {
        /// Where.
        line: usize,
        /// Before.
        old: TreePath,
        /// After.
        new: TreePath,
    },
    /// One file twice.
    #[error("line {line}: {path} is changed a second time")]
    Twice {
        /// Where.
        line: usize,
        /// Which file.
        path: TreePath,
    },
    /// A hunk has more or fewer lines than its header says.
    #[error("line {line}: the hunk has other lines than its header says")]
    HunkLength {
        /// Where it shows.
        line: usize,
    },
    /// Hunks overlap or go backwards.
    #[error("line {line}: the hunk begins before the one above it ends")]
    HunkOrder {
        /// Where.
        line: usize,
    },
}

/// Why a patch does not apply to a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// There is no such file to change.
    #[error("{0} is not a file of the tree")]
    NoFile(TreePath),
    /// The file that should be created is there.
    #[error("{0} exists already")]
    Exists(TreePath),
    /// The file ends before the hunk does.
    #[error("{path}: the hunk at line {line} lies beyond the end of the file")]
    BeyondEnd {
        /// Which file.
        path: TreePath,
        /// Line of the old file.
        line: u64,
    },
    /// The file has another line than the hunk expects.
    #[error("{path}: line {line} is {found:?}, the patch expects {expected:?}")]
    Differs {
        /// Which file.
        path: TreePath,
        /// Line of the old file.
        line: u64,
        /// The patch's line, at most 80 characters.
        expected: String,
        /// The file's line, at most 80 characters.
        found: String,
    },
    /// The hunk says that it lands elsewhere than it does.
    #[error("{path}: the hunk for line {stated} of the new file lands at line {found}")]
    Misplaced {
        /// Which file.
        path: TreePath,
        /// Line of the new file by the hunk's header.
        stated: u64,
        /// Line where it lands.
        found: u64,
    },
    /// A deletion that leaves something.
    #[error("{0} is deleted, but the patch leaves lines of it")]
    NotEmptied(TreePath),
    /// The changed files cannot stand beside each other.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// The first characters of a line, for an error.
fn excerpt(line: &[u8]) -> String {
    String::from_utf8_lossy(line)
        .trim_end_matches('\n')
        .chars()
        .take(80)
        .collect()
}
