//! Collateral from a file or a folder.

use crate::output::{InputError, read};
use orv_verify::{Collateral, MAXIMUM_COLLATERAL_PIECE};
use std::path::{Path, PathBuf};

/// Reads every path: a file, or the files of a folder by name.
///
/// A named file must be collateral; in a folder, which may hold the evidence itself and notes, what is none is passed
/// over.
pub(crate) fn read_all(paths: &[PathBuf]) -> Result<Collateral, InputError> {
    let mut collateral = Collateral::none();
    for path in paths {
        if path.is_dir() {
            for file in files(path)? {
                let _ = collateral.add(&read(&file, MAXIMUM_COLLATERAL_PIECE)?);
            }
        } else {
            add(&mut collateral, path)?;
        }
    }
    Ok(collateral)
}

fn add(collateral: &mut Collateral, path: &Path) -> Result<(), InputError> {
    let bytes = read(path, MAXIMUM_COLLATERAL_PIECE)?;
    collateral.add(&bytes).map_err(|error| InputError::Content {
        path: path.to_owned(),
        what: "collateral",
        cause: error.to_string(),
    })
}

/// In an order that is the same everywhere.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, InputError> {
    let unreadable = |cause| InputError::Unreadable {
        path: folder.to_owned(),
        cause,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
