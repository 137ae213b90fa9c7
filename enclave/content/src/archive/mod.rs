//! Archives: strict reading of tar, plain or compressed, and deterministic writing.
//!
//! Upstream's readers and general tar libraries repair, skip or guess (container reference 7); this one refuses. What it
//! accepts: ustar and GNU headers, the pax keys `path`, `linkpath` and `size`, GNU long names, pax keys that change
//! neither name nor content (ignored), regular files, directories, symbolic links that stay inside; UTF-8 names; one
//! end marker with only zeros after it.

mod collect;
mod compression;
mod entries;
mod error;
mod extension;
mod header;
mod quota;
mod write;

use bytes::Bytes;

pub use collect::CollectError;
pub(crate) use collect::{Collector, Weight};
pub(crate) use compression::plain_layer;
pub(crate) use entries::{Entries, Entry, EntryKind};
pub use error::ArchiveError;
pub use quota::{Quota, QuotaError};
pub use write::write;

use crate::tree::{Executable, Node, Tree};
use crate::weakened::{Rule, holds};
use compression::{Compression, plain};

/// Reads a tar, plain or compressed with gzip or Zstandard (told apart by their first bytes), into a tree. Files of a
/// plain tar are slices of `archive`. Modes become 644 or 755, by the owner's right to execute.
///
/// # Errors
/// Every way to be malformed, unsafe, ambiguous or too large has its [`ArchiveError`].
pub fn read(archive: Bytes, quota: &Quota) -> Result<Tree, ArchiveError> {
    let archive = plain(archive, quota)?;
    let mut collector = Collector::new(quota);
    let mut entries = Entries::new(&archive);
    while let Some(entry) = entries.next()? {
        let Some(path) = entry.path()? else {
            collector.count()?;
            continue;
        };
        match entry.kind {
            EntryKind::Directory => collector.directory(&path)?,
            EntryKind::HardLink if holds(Rule::NoHardLinks) => return Err(ArchiveError::HardLink { path }),
            EntryKind::File | EntryKind::HardLink => {
                let executable = if entry.mode & 0o100 == 0 {
                    Executable::No
                } else {
                    Executable::Yes
                };
                collector.insert(
                    path,
                    Node::File {
                        executable,
                        content: archive.slice(entry.data.clone()),
                    },
                )?;
            }
            EntryKind::Symlink => collector.insert(
                path,
                Node::Symlink {
                    target: entry.link.clone(),
                },
            )?,
        }
    }
    Ok(collector.finish())
}

/// Where the archive at the front of `bytes` ends: after a tar's end marker, or after a compressed stream; only zeros
/// may follow.
///
/// # Errors
/// The first thing that keeps the end from being found. Names and links are not judged here.
pub(crate) fn end_of(bytes: &[u8], quota: &Quota) -> Result<usize, ArchiveError> {
    match Compression::of(bytes) {
        Some(compression) => compression.length(bytes, quota),
        None => {
            let mut entries = Entries::new(bytes);
            while entries.next()?.is_some() {}
            Ok(entries.position())
        }
    }
}
