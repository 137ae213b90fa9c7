//! A published library, fetched through its registry's ordinary client and checked against its pin.

use bytes::Bytes;
use orv_content::tree::Tree;
use orv_content::{Sha256, archive};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `fetch.json` pins.
struct Pin {
    command: Vec<String>,
    file: String,
    sha256: Sha256,
}

/// The files of the library that `folder/fetch.json` names, without their top folder.
///
/// The archive is kept in the user's cache under its hash, and the hash is checked on every use.
pub fn library(folder: &Path) -> Tree {
    let pin = Pin::read(&folder.join("fetch.json"));
    let cached = cache().join(format!("{}.tgz", pin.sha256));
    let known = std::fs::read(&cached)
        .ok()
        .filter(|bytes| Sha256::of(bytes) == pin.sha256);
    let bytes = known.unwrap_or_else(|| pin.fetch(&cached));
    let tree = archive::read(Bytes::from(bytes), &archive::Quota::project()).unwrap();
    tree.without_top_folder().unwrap()
}

impl Pin {
    fn read(path: &Path) -> Self {
        let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            command: document["command"].as_array().unwrap().iter().map(text).collect(),
            file: text(&document["file"]),
            sha256: format!("0x{}", text(&document["sha256"])).parse().unwrap(),
        }
    }

    /// Fetches into a directory of its own; only bytes of the pinned hash reach the cache.
    fn fetch(&self, cached: &Path) -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        let (program, arguments) = self.command.split_first().unwrap();
        let command = self.command.join(" ");
        let output = Command::new(program)
            .args(arguments)
            .current_dir(directory.path())
            .output();
        let output = output.unwrap_or_else(|error| panic!("`{command}`: {error}; install Node.js and npm"));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "`{command}`: {said}");
        let bytes = std::fs::read(directory.path().join(&self.file)).unwrap();
        assert_eq!(
            Sha256::of(&bytes),
            self.sha256,
            "{} is not what fetch.json pins",
            self.file
        );
        // Renamed into place: a test that runs beside this one sees all of it or nothing.
        let folder = cached.parent().unwrap();
        std::fs::create_dir_all(folder).unwrap();
        let mut whole = tempfile::NamedTempFile::new_in(folder).unwrap();
        std::io::Write::write_all(&mut whole, &bytes).unwrap();
        whole.persist(cached).unwrap();
        bytes
    }
}

/// Where fetched archives stay: the user's cache, outside the work tree.
fn cache() -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let base = base.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    base.unwrap_or_else(std::env::temp_dir).join("orv/test-inputs")
}
