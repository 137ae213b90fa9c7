//! A policy as a file: TOML or JSON of our own, or another project's list of measurements.

use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::strict::Strict;
use super::{Policy, foreign};

/// Longest policy file, in bytes.
pub const MAXIMUM_POLICY: usize = 1 << 20;

/// A policy with the hash of the file it was read from, so that a report can name the rules it was made by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDocument {
    /// The rules.
    pub policy: Policy,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
}

/// Why a file is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Longer than [`MAXIMUM_POLICY`].
    #[error("{0} bytes are too long for a policy")]
    TooLong(usize),
    /// Not text.
    #[error("not UTF-8 text")]
    NotText,
    /// Neither of the forms, or with an unknown key or a value of another type.
    #[error("{0}")]
    Form(String),
    /// A list of measurements with an entry that this verifier cannot hold anybody to.
    #[error("measurement {entry:?}: {cause}")]
    Foreign {
        /// The entry's name, or its place.
        entry: String,
        /// What is wrong with it.
        cause: String,
    },
    /// A policy without any rule.
    #[error("the file is empty: a policy without rules is asked for by giving none")]
    Empty,
}

impl PolicyDocument {
    /// Reads a policy file.
    ///
    /// Three forms, told apart by content: TOML, JSON of the same shape, and the JSON array of
    /// `{measurement_id, attestation_type, measurements}` that Flashbots' tools read (`measurements.json`), which gives
    /// a policy that lists measurements and nothing else. Unknown keys are refused everywhere: a misspelt rule would be
    /// no rule.
    ///
    /// # Errors
    /// [`PolicyError`], one variant per cause.
    ///
    /// ```
    /// let text = "maximum_age = 600\n[[measurements]]\nname = 'release 1'\nregisters = { pcr0 = 'ab' }\n";
    /// let document = orv_verify::PolicyDocument::parse(text.as_bytes()).unwrap();
    /// assert_eq!(document.policy.maximum_age, Some(600));
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        if bytes.len() > MAXIMUM_POLICY {
            return Err(PolicyError::TooLong(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| PolicyError::NotText)?;
        if text.trim().is_empty() {
            return Err(PolicyError::Empty);
        }
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Ok(Self {
            policy: read(text)?,
            sha256,
        })
    }
}

/// A TOML table may begin with a bracket as a JSON array does, so what parses as JSON is JSON.
fn read(text: &str) -> Result<Policy, PolicyError> {
    if serde_json::from_str::<IgnoredAny>(text).is_err() && !text.trim_start().starts_with('{') {
        return toml::from_str(text).map_err(|error| PolicyError::Form(error.to_string()));
    }
    match serde_json::from_str(text).map_err(form)? {
        Strict(Value::Array(entries)) => foreign::measurements(&entries),
        Strict(value) => Policy::deserialize(value).map_err(form),
    }
}

fn form(error: serde_json::Error) -> PolicyError {
    PolicyError::Form(error.to_string())
}
