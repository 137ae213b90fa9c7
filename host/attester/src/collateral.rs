//! The vendors' collateral that an attester keeps in a folder, refreshed by whoever runs it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use orv_verify::{Collateral, CollateralError, MAXIMUM_COLLATERAL_PIECE};

/// Why a folder of collateral cannot be used. A broken file stops everything: the admission that it was meant for would
/// otherwise be judged without it.
#[derive(Debug, thiserror::Error)]
pub enum CollateralFolderError {
    /// A file or the folder cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file is no collateral.
    #[error("{}: {source}", path.display())]
    NotCollateral {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        source: CollateralError,
    },
}

/// Reads every file of a folder, by name. Folders in it and names that begin with a dot are passed over.
///
/// # Errors
/// [`CollateralFolderError`] with the file.
pub fn collateral_in(folder: &Path) -> Result<Collateral, CollateralFolderError> {
    let mut collateral = Collateral::none();
    for path in files(folder)? {
        let bytes = read(&path)?;
        collateral
            .add(&bytes)
            .map_err(|source| CollateralFolderError::NotCollateral { path, source })?;
    }
    Ok(collateral)
}

/// The same files as they are, to go with a receipt; each is collateral.
///
/// # Errors
/// As [`collateral_in`].
pub fn collateral_pieces_in(folder: &Path) -> Result<Vec<Vec<u8>>, CollateralFolderError> {
    collateral_in(folder)?;
    files(folder)?.iter().map(|path| read(path)).collect()
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, CollateralFolderError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.is_file() && !hidden {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>, CollateralFolderError> {
    // One byte more than is taken, so that a longer file is refused and never cut.
    let limit = MAXIMUM_COLLATERAL_PIECE as u64 + 1;
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(unreadable(path))?;
    Ok(bytes)
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> CollateralFolderError + use<> {
    let path = path.to_owned();
    move |source| CollateralFolderError::Unreadable { path, source }
}
