//! Directories of the workshop.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use orv_content::materialize;
use orv_content::tree::Tree;

use super::PrepareError;

/// Writes a tree to a new directory of this name.
pub(super) fn lay_out(tree: &Tree, directory: &Path, name: &str) -> Result<PathBuf, PrepareError> {
    let path = make(directory, name)?;
    materialize::write_beneath(tree, open(&path)?.as_fd())?;
    Ok(path)
}

/// Makes a new directory of this name.
pub(super) fn make(directory: &Path, name: &str) -> Result<PathBuf, PrepareError> {
    let path = directory.join(name);
    fs::create_dir(&path).map_err(|source| PrepareError::Disk {
        path: path.clone(),
        source,
    })?;
    Ok(path)
}

/// Opens a directory to write beneath it.
pub(super) fn open(path: &Path) -> Result<File, PrepareError> {
    File::open(path).map_err(|source| PrepareError::Disk {
        path: path.to_owned(),
        source,
    })
}
