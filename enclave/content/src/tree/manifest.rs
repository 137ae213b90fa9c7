//! A tree's list of files with their hashes, and the one hash over it that does not depend on any archive.

use std::convert::Infallible;
use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::{Executable, Node, Tree, TreePath};
use crate::hash::{Sha256, Sha256Hasher};
use crate::parallel::share_out;

/// The first line of what is hashed (OpenResearch reference 2.6).
const DOMAIN: &[u8] = b"openresearch/tree/v1\n";

/// Nodes that a thread hashes before it looks for more.
const SHARE: usize = 16;

const MODE_FILE: u32 = 0o100_644;
const MODE_EXECUTABLE: u32 = 0o100_755;
const MODE_SYMLINK: u32 = 0o120_000;

/// One file or link of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestEntry {
    /// Path from the tree's top.
    pub path: TreePath,
    /// Mode as git has it: octal 100644, 100755 or 120000.
    pub mode: u32,
    /// Bytes of the file, or of the link's text.
    pub size: u64,
    /// SHA-256 of the file, or of the link's text.
    pub sha256: Sha256,
}

impl ManifestEntry {
    fn of(path: &TreePath, node: &Node) -> Self {
        let (mode, content) = match node {
            Node::File {
                executable: Executable::Yes,
                content,
            } => (MODE_EXECUTABLE, content.as_ref()),
            Node::File {
                executable: Executable::No,
                content,
            } => (MODE_FILE, content.as_ref()),
            Node::Symlink { target } => (MODE_SYMLINK, target.as_bytes()),
        };
        Self {
            path: path.clone(),
            mode,
            size: content.len() as u64,
            sha256: Sha256::of(content),
        }
    }
}

/// The tree hash of OpenResearch reference 2.6 over `entries`, which are put in order of their paths' bytes:
/// SHA-256 of `openresearch/tree/v1\n` and, for each, `LENGTH:PATH\nMODE\nSHA256\n`. Sizes are not hashed; each file's
/// own hash binds its size.
pub fn hash_of_manifest(entries: &[ManifestEntry]) -> Sha256 {
    let mut ordered: Vec<&ManifestEntry> = entries.iter().collect();
    ordered.sort_by(|left, right| left.path.cmp(&right.path));
    let mut hasher = Sha256Hasher::new();
    hasher.update(DOMAIN);
    for entry in ordered {
        let path = entry.path.as_str();
        let line = format!(
            "{}:{path}\n{:06o}\n{}\n",
            path.len(),
            entry.mode,
            hex::encode(entry.sha256.0)
        );
        hasher.update(line.as_bytes());
    }
    hasher.finish()
}

impl Tree {
    /// All files and links with their hashes, in order.
    pub fn manifest(&self) -> Vec<ManifestEntry> {
        self.iter().map(|(path, node)| ManifestEntry::of(path, node)).collect()
    }

    /// The same, hashing on up to `threads` threads.
    pub fn manifest_with(&self, threads: NonZeroUsize) -> Vec<ManifestEntry> {
        let nodes: Vec<_> = self.iter().collect();
        let mut entries = vec![Vec::new(); nodes.len().div_ceil(SHARE)];
        let shares = nodes.chunks(SHARE).zip(&mut entries);
        let Ok(()) = share_out(
            threads,
            shares,
            || Ok(()),
            |(), (nodes, entries)| {
                entries.extend(nodes.iter().map(|(path, node)| ManifestEntry::of(path, node)));
                Ok::<_, Infallible>(())
            },
        );
        entries.into_iter().flatten().collect()
    }

    /// The tree hash: [`hash_of_manifest`] over [`Tree::manifest`].
    pub fn hash(&self) -> Sha256 {
        hash_of_manifest(&self.manifest())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn the_published_tree_has_the_published_hash() {
        let mut tree = Tree::new();
        let mut put = |path: &str, node| tree.insert(TreePath::new(path).unwrap(), node).unwrap();
        put("link", Node::Symlink { target: "a.txt".into() });
        put(
            "a.txt",
            Node::File {
                executable: Executable::No,
                content: Bytes::from_static(b"hello\n"),
            },
        );
        let script = Bytes::from_static(b"#!/bin/sh\necho hi\n");
        put(
            "bin/run.sh",
            Node::File {
                executable: Executable::Yes,
                content: script,
            },
        );
        assert_eq!(
            tree.hash().to_string(),
            "0x24dd2f13a41e22ab1098961e4146c42f09f598ba936f036ec443e81181ec080c"
        );
        let mut manifest = tree.manifest();
        manifest.reverse();
        assert_eq!(hash_of_manifest(&manifest), tree.hash());
        assert_eq!(tree.manifest_with(NonZeroUsize::new(3).unwrap()), tree.manifest());
    }
}
