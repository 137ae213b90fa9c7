//! Writing a tree.

use std::io;
use std::num::NonZeroUsize;
use std::os::fd::BorrowedFd;

use thiserror::Error;

use super::{Directories, FileMode};
use crate::parallel::share_out;
use crate::tree::{Executable, Node, Tree};

/// Files that a thread writes before it looks for more; neighbours mostly share a directory.
const SHARE: usize = 64;

/// A call of the operating system failed. Something that exists already shows as `EEXIST`, a link in the way of a path
/// as `ELOOP` or `ENOTDIR`.
#[derive(Debug, Error)]
#[error("{path:?} cannot be written: {source}")]
pub struct MaterializeError {
    /// The path that was being written, from the directory given.
    pub path: String,
    /// What the operating system said.
    pub source: io::Error,
}

/// Writes `tree` beneath `directory`: files with mode 644 or 755, directories with 755, whatever the process' mask.
/// Directories may exist already; files and links may not. No link, existing or just written, is followed
/// (`openat2` with `RESOLVE_BENEATH`, `RESOLVE_NO_SYMLINKS`, `RESOLVE_NO_MAGICLINKS`; Linux 5.6).
///
/// # Errors
/// The first call that fails; what was written before it stays.
pub fn write_beneath(tree: &Tree, directory: BorrowedFd<'_>) -> Result<(), MaterializeError> {
    write_beneath_with(NonZeroUsize::MIN, tree, directory)
}

/// As [`write_beneath`], on up to `threads` threads.
///
/// # Errors
/// The first call that fails; what was written before it, on any thread, stays.
pub fn write_beneath_with(
    threads: NonZeroUsize,
    tree: &Tree,
    directory: BorrowedFd<'_>,
) -> Result<(), MaterializeError> {
    let nodes: Vec<_> = tree.iter().collect();
    let begin = || Directories::beneath(directory);
    share_out(threads, nodes.chunks(SHARE), begin, |directories, nodes| {
        nodes
            .iter()
            .try_for_each(|(path, node)| write(directories, path.as_str(), node))
    })
}

fn write(directories: &mut Directories, path: &str, node: &Node) -> Result<(), MaterializeError> {
    match node {
        Node::File {
            executable: Executable::Yes,
            content,
        } => directories.write_file(path, FileMode::Executable, content),
        Node::File {
            executable: Executable::No,
            content,
        } => directories.write_file(path, FileMode::Plain, content),
        Node::Symlink { target } => directories.write_symlink(path, target),
    }
}
