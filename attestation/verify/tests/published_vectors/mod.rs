//! The published vectors, read from where they are: they are never part of this project.

#![allow(clippy::expect_used, clippy::indexing_slicing, dead_code)]

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder of attestation vectors, or nothing, said loudly.
pub fn vectors() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let folder = std::env::var_os("ORV_VECTORS")
        .map_or(beside, PathBuf::from)
        .join("attestation");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!(
        "!!! NOTHING TESTED: no attestation vectors in {}; set ORV_VECTORS",
        folder.display()
    );
    None
}

/// A file of theirs that is JSON.
pub fn json(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join(name)).expect("a vector file")).expect("JSON")
}

/// A field that is a text.
pub fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().expect("a text")
}
