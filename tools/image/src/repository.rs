//! The checkout that an image is built from, and cargo's home beside it.

use crate::error::ImageError;
use std::path::{Path, PathBuf};

/// What only the root of this repository has.
const MARK: &str = crate::pin::PATH;

/// The root of the repository that `from` is in.
///
/// # Errors
/// [`ImageError::Environment`] where `from` is in none.
pub fn root_of(from: &Path) -> Result<PathBuf, ImageError> {
    let absolute = std::path::absolute(from).map_err(ImageError::file(from))?;
    absolute
        .ancestors()
        .find(|folder| folder.join(MARK).exists())
        .map(Path::to_owned)
        .ok_or_else(|| ImageError::Environment(format!("{} is in no checkout with {MARK}", absolute.display())))
}

/// Where cargo keeps the crates.
///
/// # Errors
/// [`ImageError::Environment`] where no variable says it.
pub fn cargo_home() -> Result<PathBuf, ImageError> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let home = set("CARGO_HOME").map(PathBuf::from);
    home.or_else(|| set("HOME").map(|home| Path::new(&home).join(".cargo")))
        .ok_or_else(|| ImageError::Environment("neither CARGO_HOME nor HOME is set".to_owned()))
}
