//! What a figure was computed from.

use ring::digest::{SHA256, digest};
use serde::Serialize;
use std::fmt;

/// One input of a measurement. Two people whose figures differ compare these first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Input {
    /// What it is, such as `kernel` or `vcpus`.
    pub name: String,
    /// What was given for it, or assumed.
    #[serde(flatten)]
    pub value: InputValue,
}

/// What stood for an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", tag = "kind")]
pub enum InputValue {
    /// Bytes of the image.
    Bytes {
        /// How many.
        length: u64,
        /// Their SHA-256, in lowercase hexadecimal.
        sha256: String,
    },
    /// A value that the caller chose, or that was read from the image.
    Setting {
        /// As the caller would write it.
        value: String,
    },
    /// Behaviour of machine or firmware on which the figure depends and which no input shows.
    Assumed {
        /// In words.
        value: String,
    },
}

impl Input {
    /// Bytes of the image.
    pub fn bytes(name: impl Into<String>, bytes: &[u8]) -> Self {
        Self {
            name: name.into(),
            value: InputValue::Bytes {
                length: bytes.len() as u64,
                sha256: hex::encode(digest(&SHA256, bytes)),
            },
        }
    }

    /// A chosen value.
    pub fn setting(name: impl Into<String>, value: impl fmt::Display) -> Self {
        Self {
            name: name.into(),
            value: InputValue::Setting {
                value: value.to_string(),
            },
        }
    }

    /// An assumption.
    pub fn assumed(name: impl Into<String>, value: impl fmt::Display) -> Self {
        Self {
            name: name.into(),
            value: InputValue::Assumed {
                value: value.to_string(),
            },
        }
    }
}
