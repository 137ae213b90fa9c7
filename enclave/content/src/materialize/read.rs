//! Reading a work tree, for those who publish or mine.

use std::ffi::OsStr;
use std::fs::{self, DirEntry, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use thiserror::Error;

use crate::archive::{CollectError, Collector, Quota};
use crate::tree::{Executable, Node, PathError, Tree, TreePath};

/// Why a directory cannot be read as a tree.
#[derive(Debug, Error)]
pub enum ReadError {
    /// A call of the operating system failed.
    #[error("{} cannot be read: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A name or a link's text is not UTF-8.
    #[error("{} is not utf-8", path.display())]
    NotUtf8 {
        /// The path.
        path: PathBuf,
    },
    /// Neither file, directory nor link.
    #[error("{} is neither a file, a directory nor a link", path.display())]
    Special {
        /// The path.
        path: PathBuf,
    },
    /// A name that no tree can have.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The files do not make a tree, or make too large a one.
    #[error(transparent)]
    Collect(#[from] CollectError),
}

/// Reads the directory at `path` into a tree, by the rules of [`crate::archive::read`], so that what is published can
/// be read back. Everything named `.git` is left out. Modes become 644 or 755, by the owner's right to execute.
///
/// The directory is trusted not to change meanwhile.
///
/// # Errors
/// What cannot be read, and what no archive could hold.
pub fn read_directory(path: &Path, quota: &Quota) -> Result<Tree, ReadError> {
    let mut collector = Collector::new(quota);
    let mut pending = vec![(path.to_owned(), None)];
    while let Some((directory, prefix)) = pending.pop() {
        for entry in entries(&directory)? {
            let path = tree_path(prefix.as_ref(), &entry)?;
            let metadata = entry.metadata().map_err(|source| failed(&entry.path(), source))?;
            if metadata.is_dir() {
                collector.directory(&path)?;
                pending.push((entry.path(), Some(path)));
                continue;
            }
            let node = node(&entry.path(), &metadata, collector.remaining())?;
            collector.insert(path, node)?;
        }
    }
    Ok(collector.finish())
}

/// The entries of a directory in order of their names, without `.git`.
fn entries(directory: &Path) -> Result<Vec<DirEntry>, ReadError> {
    let list = || -> io::Result<Vec<DirEntry>> { fs::read_dir(directory)?.collect() };
    let mut entries = list().map_err(|source| failed(directory, source))?;
    entries.retain(|entry| entry.file_name() != OsStr::new(".git"));
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

fn tree_path(prefix: Option<&TreePath>, entry: &DirEntry) -> Result<TreePath, ReadError> {
    let name = entry
        .file_name()
        .into_string()
        .map_err(|_| ReadError::NotUtf8 { path: entry.path() })?;
    Ok(TreePath::new(match prefix {
        Some(prefix) => format!("{prefix}/{name}"),
        None => name,
    })?)
}

fn node(path: &Path, metadata: &Metadata, remaining: u64) -> Result<Node, ReadError> {
    if metadata.is_symlink() {
        let target = fs::read_link(path).map_err(|source| failed(path, source))?;
        let target = target
            .into_os_string()
            .into_string()
            .map_err(|_| ReadError::NotUtf8 { path: path.to_owned() })?;
        return Ok(Node::Symlink { target });
    }
    if !metadata.is_file() {
        return Err(ReadError::Special { path: path.to_owned() });
    }
    let content = read_file(path, remaining).map_err(|source| failed(path, source))?;
    let executable = if metadata.permissions().mode() & 0o100 == 0 {
        Executable::No
    } else {
        Executable::Yes
    };
    Ok(Node::File {
        executable,
        content: content.into(),
    })
}

/// The file's bytes, or one more than may come, which the quota then refuses.
fn read_file(path: &Path, remaining: u64) -> io::Result<Vec<u8>> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
    let mut content = Vec::new();
    file.take(remaining.saturating_add(1)).read_to_end(&mut content)?;
    Ok(content)
}

fn failed(path: &Path, source: io::Error) -> ReadError {
    ReadError::Io {
        path: path.to_owned(),
        source,
    }
}
