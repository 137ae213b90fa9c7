//! Putting nodes into a tree under a quota, refusing what two file systems would read differently.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use thiserror::Error;

use super::{Quota, QuotaError};
use crate::tree::{Node, Tree, TreeError, TreePath, folded};
use crate::weakened::{Rule, holds};

/// Why entries do not make a tree.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CollectError {
    /// A bound was passed.
    #[error(transparent)]
    Quota(#[from] QuotaError),
    /// A path came twice.
    #[error("{path} comes twice")]
    Duplicate {
        /// The path.
        path: TreePath,
    },
    /// Two paths differ only in the case of their letters or in how their characters are composed.
    #[error("{second} and {first} differ only in case or in how characters are composed")]
    CaseCollision {
        /// The path, or directory, that came first.
        first: String,
        /// The one that came second.
        second: String,
    },
    /// A conflict between files, directories and links.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// What has been counted against a quota.
#[derive(Debug)]
pub(crate) struct Weight<'quota> {
    pub quota: &'quota Quota,
    entries: u64,
    bytes: u64,
}

impl<'quota> Weight<'quota> {
    pub fn new(quota: &'quota Quota) -> Self {
        Self {
            quota,
            entries: 0,
            bytes: 0,
        }
    }

    /// Counts one entry.
    pub fn entry(&mut self) -> Result<(), QuotaError> {
        self.entries += 1;
        if self.entries > self.quota.entries {
            return Err(QuotaError::Entries {
                limit: self.quota.entries,
            });
        }
        Ok(())
    }

    /// Counts bytes.
    pub fn bytes(&mut self, bytes: u64) -> Result<(), QuotaError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.quota.bytes {
            return Err(QuotaError::Bytes {
                limit: self.quota.bytes,
            });
        }
        Ok(())
    }

    /// Bytes that may still come.
    pub fn remaining(&self) -> u64 {
        self.quota.bytes.saturating_sub(self.bytes)
    }
}

/// A tree while it is read.
#[derive(Debug)]
pub(crate) struct Collector<'quota> {
    weight: Weight<'quota>,
    tree: Tree,
    /// Each path and directory under its folded form.
    spellings: HashMap<String, String>,
    /// The directory of the last path, whose spelling is known; entries of one directory mostly come together.
    directory: Option<String>,
}

impl<'quota> Collector<'quota> {
    pub fn new(quota: &'quota Quota) -> Self {
        Self {
            weight: Weight::new(quota),
            tree: Tree::new(),
            spellings: HashMap::new(),
            directory: None,
        }
    }

    /// Counts an entry that adds nothing, such as the top directory.
    pub fn count(&mut self) -> Result<(), CollectError> {
        Ok(self.weight.entry()?)
    }

    /// Bytes that files may still bring.
    pub fn remaining(&self) -> u64 {
        self.weight.remaining()
    }

    /// Admits a directory: counted and spelled, but not kept.
    pub fn directory(&mut self, path: &TreePath) -> Result<(), CollectError> {
        self.admit(path)?;
        if self.tree.get(path).is_some() {
            return Err(CollectError::Duplicate { path: path.clone() });
        }
        if let Some(ancestor) = path.ancestors().find(|ancestor| self.tree.contains(ancestor)) {
            return Err(TreeError::BeneathFile {
                ancestor: ancestor.to_owned(),
                path: path.clone(),
            }
            .into());
        }
        self.spell(path).map(|_| ())
    }

    /// Admits a file or a link.
    pub fn insert(&mut self, path: TreePath, node: Node) -> Result<(), CollectError> {
        self.admit(&path)?;
        self.weight.bytes(node.size())?;
        if !self.spell(&path)? && holds(Rule::OnePathOnce) {
            // Known under just this spelling: a node, or a directory.
            return Err(match self.tree.get(&path) {
                Some(_) => CollectError::Duplicate { path },
                None => TreeError::IsDirectory { path }.into(),
            });
        }
        self.tree.insert(path, node)?;
        Ok(())
    }

    pub fn finish(self) -> Tree {
        self.tree
    }

    fn admit(&mut self, path: &TreePath) -> Result<(), CollectError> {
        self.weight.entry()?;
        Ok(self.weight.quota.admit_path(path)?)
    }

    /// Remembers how a path and the directories above it are spelled, and says whether the path comes for the first
    /// time. Directories that no entry has named count too, or few entries with deep paths would take much memory.
    fn spell(&mut self, path: &TreePath) -> Result<bool, CollectError> {
        if path.parent() != self.directory.as_deref() {
            for directory in path.ancestors() {
                if self.first_spelling(directory)? {
                    self.weight.entry()?;
                }
            }
            self.directory = path.parent().map(str::to_owned);
        }
        self.first_spelling(path.as_str())
    }

    /// Whether the path comes for the first time.
    fn first_spelling(&mut self, path: &str) -> Result<bool, CollectError> {
        match self.spellings.entry(folded(path)) {
            Entry::Occupied(first) if first.get() != path && holds(Rule::DistinctSpellings) => {
                Err(CollectError::CaseCollision {
                    first: first.get().clone(),
                    second: path.to_owned(),
                })
            }
            Entry::Occupied(first) => Ok(first.get() != path),
            Entry::Vacant(place) => {
                place.insert(path.to_owned());
                Ok(true)
            }
        }
    }
}
