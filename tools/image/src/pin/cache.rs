//! Where fetched inputs and built kernels are kept: outside the tree, by their hash, so that any checkout finds them.

use super::{Archive, Input};
use crate::error::ImageError;
use orv_content::merkle;
use ring::digest::{SHA256, digest};
use std::fs;
use std::path::{Path, PathBuf};

/// Whether what the cache lacks may be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Network {
    /// Take it from the archive that this machine already uses.
    Allowed,
    /// Take nothing from anywhere.
    Offline,
}

/// The cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// `$XDG_CACHE_HOME/orv`, or `$HOME/.cache/orv`.
    ///
    /// # Errors
    /// [`ImageError::Environment`] where neither is set.
    pub fn of_user() -> Result<Self, ImageError> {
        let variable = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let home = || variable("HOME").map(|home| home.join(".cache"));
        variable("XDG_CACHE_HOME")
            .or_else(home)
            .map(|folder| Self::at(folder.join("orv")))
            .ok_or_else(|| ImageError::Environment("neither XDG_CACHE_HOME nor HOME is set".to_owned()))
    }

    /// A cache in a folder.
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// A folder of it, made if it is not there.
    ///
    /// # Errors
    /// [`ImageError::File`].
    pub fn folder(&self, name: &str) -> Result<PathBuf, ImageError> {
        let folder = self.root.join(name);
        fs::create_dir_all(&folder).map_err(ImageError::file(&folder))?;
        Ok(folder)
    }

    /// The file of a pin: from `inputs` if it is there, from the cache, or else from the archive. Its hash is checked
    /// every time, because a cache is a place that others write to.
    ///
    /// # Errors
    /// [`ImageError::Hash`], [`ImageError::Offline`], and those of the archive.
    pub fn input(&self, input: &Input, inputs: Option<&Path>, network: &Network) -> Result<PathBuf, ImageError> {
        if let Some(given) = inputs
            .map(|folder| folder.join(&input.file))
            .filter(|path| path.exists())
        {
            check(&given, input)?;
            return Ok(given);
        }
        let folder = self.folder("inputs")?.join(&input.sha256);
        let path = folder.join(&input.file);
        if path.exists() {
            check(&path, input)?;
            return Ok(path);
        }
        if *network == Network::Offline {
            return Err(ImageError::Offline {
                file: input.file.clone(),
                cache: folder,
            });
        }
        let fetched = Archive::of_machine(&input.suite)?.download(&input.package, &input.version)?;
        self.keep(input, &fetched.path)
    }

    /// Takes a file into the cache, if it is the pinned one.
    ///
    /// # Errors
    /// [`ImageError::Hash`] and [`ImageError::File`].
    pub fn keep(&self, input: &Input, file: &Path) -> Result<PathBuf, ImageError> {
        check(file, input)?;
        let folder = self.folder("inputs")?.join(&input.sha256);
        fs::create_dir_all(&folder).map_err(ImageError::file(&folder))?;
        let path = folder.join(&input.file);
        store(file, &path)?;
        Ok(path)
    }
}

/// Puts a file into its place at once: another process sees all of it or nothing.
pub(crate) fn store(from: &Path, to: &Path) -> Result<(), ImageError> {
    let partial = to.with_extension(format!("partial-{}", std::process::id()));
    fs::copy(from, &partial).map_err(ImageError::file(&partial))?;
    fs::rename(&partial, to).map_err(ImageError::file(to))
}

fn check(path: &Path, input: &Input) -> Result<(), ImageError> {
    let (found, _) = hashes(path)?;
    match found == input.sha256 {
        true => Ok(()),
        false => Err(ImageError::Hash {
            file: path.display().to_string(),
            found,
            pinned: input.sha256.clone(),
        }),
    }
}

/// SHA-256 of a file, and the bytes.
fn hashes(path: &Path) -> Result<(String, Vec<u8>), ImageError> {
    let bytes = fs::read(path).map_err(ImageError::file(path))?;
    Ok((sha256(&bytes), bytes))
}

/// SHA-256 in lowercase hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

/// SHA-256, length and 0G root of a file, for its pin.
pub(crate) fn identity(path: &Path) -> Result<(String, u64, String), ImageError> {
    let (sha256, bytes) = hashes(path)?;
    let root =
        merkle::root_of(&bytes).map_err(|cause| ImageError::Environment(format!("{}: {cause}", path.display())))?;
    Ok((sha256, bytes.len() as u64, format!("0x{}", hex::encode(root.0))))
}
