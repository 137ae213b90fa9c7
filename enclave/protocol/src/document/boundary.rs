//! The line between what a candidate may change and what is the project's own.

use serde::Deserialize;

use super::fields::{at_least_one, at_least_one_glob, globs};

/// Where a candidate may differ from the project; matched as [`crate::surface`] documents.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MutableSurface {
    /// Where edits may land; at least one.
    #[serde(deserialize_with = "at_least_one_glob")]
    pub allowed_globs: Vec<String>,
    /// Where they may not, even if allowed above.
    #[serde(deserialize_with = "globs")]
    pub forbidden_globs: Vec<String>,
    /// Kinds of edits, at least one; informs miners, upstream enforces it nowhere and nor do we.
    #[serde(deserialize_with = "at_least_one")]
    pub allowed_kinds: Vec<EditKind>,
}

/// A kind of edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EditKind {
    /// Of code.
    CodeEdit,
    /// Of configuration.
    ConfigEdit,
}

/// The judge's files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImmutableHarness {
    /// Globs; may be empty.
    #[serde(deserialize_with = "globs")]
    pub paths: Vec<String>,
    /// Why these.
    pub rationale: String,
}
