//! Paths inside a tree.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::weakened::{Rule, holds};

/// Most bytes of a path.
pub const PATH_BYTES: usize = 4096;
/// Most bytes of one component, as Linux file systems have it.
pub const COMPONENT_BYTES: usize = 255;

/// Why a text is not a path inside a tree.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PathError {
    /// The path, or the part between two slashes, is empty.
    #[error("path {0:?} has an empty component")]
    EmptyComponent(String),
    /// The path begins at the file system's root.
    #[error("path {0:?} is absolute")]
    Absolute(String),
    /// A component is `.` or `..`.
    #[error("path {0:?} has a relative component")]
    RelativeComponent(String),
    /// A character is a control character.
    #[error("path {0:?} has a control character")]
    ControlCharacter(String),
    /// The path has more than [`PATH_BYTES`] bytes.
    #[error("path of {0} bytes is too long")]
    Length(usize),
    /// A component has more than [`COMPONENT_BYTES`] bytes.
    #[error("path {0:?} has a component of more than 255 bytes")]
    ComponentLength(String),
}

/// A relative path of UTF-8 text, `/` between its components, none of them empty, `.` or `..`, no control character.
/// Ordered by its bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TreePath(String);

impl TreePath {
    /// Checks `text`.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn new(text: impl Into<String>) -> Result<Self, PathError> {
        let text = text.into();
        if text.len() > PATH_BYTES {
            return Err(PathError::Length(text.len()));
        }
        if holds(Rule::PrintablePaths) && text.chars().any(char::is_control) {
            return Err(PathError::ControlCharacter(text));
        }
        if holds(Rule::PlainPaths) && text.starts_with('/') {
            return Err(PathError::Absolute(text));
        }
        if holds(Rule::PlainPaths) && text.split('/').any(str::is_empty) {
            return Err(PathError::EmptyComponent(text));
        }
        if holds(Rule::PlainPaths) && text.split('/').any(|component| matches!(component, "." | "..")) {
            return Err(PathError::RelativeComponent(text));
        }
        if holds(Rule::ComponentLength) && text.split('/').any(|component| component.len() > COMPONENT_BYTES) {
            return Err(PathError::ComponentLength(text));
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts between the slashes; at least one.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// The last component.
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(self.as_str(), |(_, name)| name)
    }

    /// The directory that holds it; `None` at the top.
    pub fn parent(&self) -> Option<&str> {
        self.0.rsplit_once('/').map(|(parent, _)| parent)
    }

    /// The directories above it, nearest last.
    pub fn ancestors(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').filter_map(|(end, _)| self.0.get(..end))
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for TreePath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::new(text)
    }
}

impl TryFrom<String> for TreePath {
    type Error = PathError;

    fn try_from(text: String) -> Result<Self, PathError> {
        Self::new(text)
    }
}

impl From<TreePath> for String {
    fn from(path: TreePath) -> Self {
        path.0
    }
}

impl AsRef<str> for TreePath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for TreePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_refuses_by_its_own_name() {
        let refused = |text: &str| TreePath::new(text).unwrap_err();
        assert!(matches!(refused(""), PathError::EmptyComponent(_)));
        assert!(matches!(refused("a//b"), PathError::EmptyComponent(_)));
        assert!(matches!(refused("a/"), PathError::EmptyComponent(_)));
        assert!(matches!(refused("/a"), PathError::Absolute(_)));
        assert!(matches!(refused("a/../b"), PathError::RelativeComponent(_)));
        assert!(matches!(refused("./a"), PathError::RelativeComponent(_)));
        assert!(matches!(refused("a\nb"), PathError::ControlCharacter(_)));
        assert!(matches!(refused("a\0b"), PathError::ControlCharacter(_)));
        assert!(matches!(refused(&"a/".repeat(3000)), PathError::Length(6000)));
        assert!(matches!(refused(&"a".repeat(256)), PathError::ComponentLength(_)));
    }

    #[test]
    fn a_path_knows_its_parts() {
        let path = TreePath::new("a/b/c.txt").unwrap();
        assert_eq!(path.components().collect::<Vec<_>>(), ["a", "b", "c.txt"]);
        assert_eq!(path.ancestors().collect::<Vec<_>>(), ["a", "a/b"]);
        assert_eq!((path.name(), path.parent()), ("c.txt", Some("a/b")));
    }
}
