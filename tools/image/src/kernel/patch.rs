//! Changes of ours to the kernel's sources.

use crate::error::ImageError;
use crate::pin::sha256;
use serde::Serialize;
use std::fs;
use std::path::Path;

/// Where they are, below the repository's root: every file there that ends in `.patch`, in the order of their names.
const FOLDER: &str = "images/kernel";

/// A change, for both kernels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Patch {
    /// Name of the file.
    pub file: String,
    /// SHA-256 of it, in lowercase hexadecimal.
    pub sha256: String,
    /// Why it is made, and the difference.
    #[serde(skip)]
    pub text: String,
}

impl Patch {
    /// All of a repository.
    ///
    /// # Errors
    /// [`ImageError::File`].
    pub fn of(repository: &Path) -> Result<Vec<Self>, ImageError> {
        let folder = repository.join(FOLDER);
        let entries = fs::read_dir(&folder).map_err(ImageError::file(&folder))?;
        let mut paths: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|kind| kind == "patch"));
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Result<Self, ImageError> {
        let text = fs::read_to_string(path).map_err(ImageError::file(path))?;
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self {
            file,
            sha256: sha256(text.as_bytes()),
            text,
        })
    }
}
