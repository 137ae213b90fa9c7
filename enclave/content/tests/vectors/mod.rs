//! Where the shared vectors are, and the content rule of those for 0G Storage.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::Write;
use std::path::PathBuf;

use serde_json::Value;

/// The vectors of one file; `None`, with a loud word on stderr, when the folder is absent.
pub fn load(file: &str) -> Option<Vec<Value>> {
    let folder = std::env::var_os("ORV_VECTORS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")),
        PathBuf::from,
    );
    let path = folder.join("0g").join(file);
    let Ok(text) = std::fs::read(&path) else {
        // Not by a macro: the test harness would swallow it.
        let message = format!(
            "!!! VECTORS ABSENT: {} cannot be read, a test has checked NOTHING !!!\n",
            path.display()
        );
        std::io::stderr().write_all(message.as_bytes()).unwrap();
        return None;
    };
    let value: Value = serde_json::from_slice(&text).unwrap();
    Some(value["vectors"].as_array().unwrap().clone())
}

/// Byte i = (31 i^2 + 7 i + size) mod 251.
pub fn content(size: u64) -> Vec<u8> {
    let table: Vec<u8> = (0..251u64)
        .map(|index| ((31 * index * index + 7 * index + size % 251) % 251) as u8)
        .collect();
    table.into_iter().cycle().take(size as usize).collect()
}
