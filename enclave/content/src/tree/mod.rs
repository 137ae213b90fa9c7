//! A tree of files in memory: what an archive, an image or a work tree holds once it has been checked.

mod manifest;
mod path;
mod spelling;
mod symlink;

use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;
use thiserror::Error;

use crate::weakened::{Rule, holds};

pub use manifest::{ManifestEntry, hash_of_manifest};
pub use path::{COMPONENT_BYTES, PATH_BYTES, PathError, TreePath};
pub use spelling::folded;

/// Whether a file may be executed; nothing else of its mode is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Executable {
    /// Mode 755.
    Yes,
    /// Mode 644.
    No,
}

/// What stands at a path. Directories are implied by the paths beneath them; empty ones are not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A regular file.
    File {
        /// Whether it may be executed.
        executable: Executable,
        /// Its content, a slice of the archive where that was a plain tar.
        content: Bytes,
    },
    /// A symbolic link that stays inside the tree.
    Symlink {
        /// The text of the link: relative, `..` only in front, never above the tree's top.
        target: String,
    },
}

impl Node {
    /// Bytes of a file, or of a link's text.
    pub fn size(&self) -> u64 {
        match self {
            Self::File { content, .. } => content.len() as u64,
            Self::Symlink { target } => target.len() as u64,
        }
    }
}

/// Why a node cannot stand where it should.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TreeError {
    /// A directory above the path is a file or a link.
    #[error("{path} lies beneath {ancestor}, which is not a directory")]
    BeneathFile {
        /// Path of the node.
        path: TreePath,
        /// The file or link above it.
        ancestor: String,
    },
    /// The path is a directory, because something lies beneath it.
    #[error("{path} is already a directory")]
    IsDirectory {
        /// Path of the node.
        path: TreePath,
    },
    /// The link is absolute, leads above the tree's top, or goes up again after going down.
    #[error("link {path} leads to {target:?}, which may lie outside the tree")]
    UnsafeSymlink {
        /// Path of the link.
        path: TreePath,
        /// Text of the link.
        target: String,
    },
}

/// Files and links by path, in the order of the paths' bytes. No path lies beneath a file or a link, and no link leads
/// out, so a tree can be written beneath any directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    nodes: BTreeMap<TreePath, Node>,
}

impl Tree {
    /// A tree without nodes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts `node` at `path` and returns what stood there.
    ///
    /// # Errors
    /// A conflict between files and directories, or a link that may lead out; the tree is then unchanged.
    pub fn insert(&mut self, path: TreePath, node: Node) -> Result<Option<Node>, TreeError> {
        let file_above = path
            .ancestors()
            .find(|ancestor| self.contains(ancestor))
            .map(str::to_owned);
        if let Some(ancestor) = file_above {
            return Err(TreeError::BeneathFile { path, ancestor });
        }
        if self.beneath(path.as_str()).next().is_some() {
            return Err(TreeError::IsDirectory { path });
        }
        if let Node::Symlink { target } = &node
            && !symlink::stays_inside(&path, target)
            && holds(Rule::LinksInside)
        {
            return Err(TreeError::UnsafeSymlink {
                path,
                target: target.clone(),
            });
        }
        Ok(self.nodes.insert(path, node))
    }

    /// What stands at `path`; `None` also for a directory.
    pub fn get(&self, path: &TreePath) -> Option<&Node> {
        self.nodes.get(path)
    }

    /// The content of the file at `path`; `None` for anything else. For paths known when the program was written.
    pub fn file(&self, path: &str) -> Option<&Bytes> {
        match self.nodes.get(path)? {
            Node::File { content, .. } => Some(content),
            Node::Symlink { .. } => None,
        }
    }

    /// Whether a file or a link stands at `path`.
    pub(crate) fn contains(&self, path: &str) -> bool {
        self.nodes.contains_key(path)
    }

    /// Takes away what stands at `path`.
    pub fn remove(&mut self, path: &TreePath) -> Option<Node> {
        self.nodes.remove(path)
    }

    /// All nodes, in the order of the paths' bytes.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&TreePath, &Node)> {
        self.nodes.iter()
    }

    /// What lies beneath the directory `prefix`, with paths from there; empty when there is no such directory.
    ///
    /// # Errors
    /// [`TreeError::UnsafeSymlink`] when a link beneath it leads out of it.
    pub fn subtree(&self, prefix: &str) -> Result<Self, TreeError> {
        let mut tree = Self::new();
        for (path, node) in self.beneath(prefix) {
            let rest = path.as_str().get(prefix.len() + 1..).unwrap_or_default();
            // What follows a slash in a valid path is a valid path.
            if let Ok(path) = TreePath::new(rest) {
                tree.insert(path, node.clone())?;
            }
        }
        Ok(tree)
    }

    /// The tree beneath its one top folder, or the same tree when it has not exactly one folder and nothing beside it
    /// at the top (DESIGN 5.8).
    ///
    /// # Errors
    /// As [`Tree::subtree`].
    pub fn without_top_folder(&self) -> Result<Self, TreeError> {
        let Some(top) = self
            .nodes
            .keys()
            .next()
            .and_then(|path| path.as_str().split_once('/'))
            .map(|(top, _)| top)
        else {
            return Ok(self.clone());
        };
        if self.beneath(top).count() == self.len() {
            self.subtree(top)
        } else {
            Ok(self.clone())
        }
    }

    /// Number of files and links.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Bytes of all files and of the links' texts.
    pub fn total_bytes(&self) -> u64 {
        self.nodes.values().map(Node::size).sum()
    }

    fn beneath(&self, directory: &str) -> impl Iterator<Item = (&TreePath, &Node)> {
        let prefix = format!("{directory}/");
        self.nodes
            .range::<str, _>((Bound::Excluded(prefix.as_str()), Bound::Unbounded))
            .take_while(move |(path, _)| path.as_str().starts_with(&prefix))
    }
}

impl<'tree> IntoIterator for &'tree Tree {
    type Item = (&'tree TreePath, &'tree Node);
    type IntoIter = std::collections::btree_map::Iter<'tree, TreePath, Node>;

    fn into_iter(self) -> Self::IntoIter {
        self.nodes.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> TreePath {
        TreePath::new(text).unwrap()
    }

    fn file(content: &'static str) -> Node {
        Node::File {
            executable: Executable::No,
            content: Bytes::from_static(content.as_bytes()),
        }
    }

    fn tree(paths: &[&str]) -> Tree {
        let mut tree = Tree::new();
        for text in paths {
            tree.insert(path(text), file("x")).unwrap();
        }
        tree
    }

    #[test]
    fn a_file_is_never_also_a_directory() {
        let mut tree = tree(&["a/b", "a-b"]);
        assert_eq!(
            tree.insert(path("a"), file("x")),
            Err(TreeError::IsDirectory { path: path("a") })
        );
        let beneath = TreeError::BeneathFile {
            path: path("a/b/c"),
            ancestor: "a/b".into(),
        };
        assert_eq!(tree.insert(path("a/b/c"), file("x")), Err(beneath));
        assert_eq!(tree.insert(path("a/b"), file("y")), Ok(Some(file("x"))));
    }

    #[test]
    fn a_subtree_has_paths_from_its_top() {
        let tree = tree(&["a", "harness/run.sh", "harness/x/y", "harness-notes"]);
        let harness = tree.subtree("harness").unwrap();
        assert_eq!(
            harness.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(),
            ["run.sh", "x/y"]
        );
        assert!(tree.subtree("a").unwrap().is_empty());
        assert!(tree.subtree("absent").unwrap().is_empty());
    }

    #[test]
    fn a_link_out_of_a_subtree_is_an_error() {
        let mut tree = tree(&["a"]);
        tree.insert(path("harness/link"), Node::Symlink { target: "../a".into() })
            .unwrap();
        assert!(matches!(tree.subtree("harness"), Err(TreeError::UnsafeSymlink { .. })));
    }

    #[test]
    fn only_a_single_top_folder_is_removed() {
        assert_eq!(
            tree(&["top/a", "top/b/c"]).without_top_folder().unwrap(),
            tree(&["a", "b/c"])
        );
        for kept in [
            tree(&["top/a", "other/b"]),
            tree(&["top/a", "z"]),
            tree(&["a"]),
            tree(&["a", "top/b"]),
            Tree::new(),
        ] {
            assert_eq!(kept.without_top_folder().unwrap(), kept);
        }
    }
}
