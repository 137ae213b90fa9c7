//! Our own kernel, built once for each recipe and kept in the cache.

use super::kept::Kept;
use super::tree::{IDENTITY, Tree};
use super::{Kernel, Options, Origin, Patch};
use crate::error::ImageError;
use crate::pin::{Cache, Input, Tool, sha256};
use ring::digest::{Context, SHA256};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Tools whose version shows in a kernel's bytes.
const TOOLS: [&str; 3] = ["gcc", "ld", "lz4"];
/// What the name of a folder begins with in which a kernel is being built; the recipe's key follows.
const UNFINISHED: &str = "build-";

/// Everything that a kernel's bytes depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe<'a> {
    /// Pin of the sources.
    pub source: &'a Input,
    /// Changes of ours to the sources, in the order in which they are made.
    pub patches: &'a [Patch],
    /// The options that are on or have a value; every other one is off.
    pub options: &'a Options,
    /// The tools of this machine.
    pub tools: &'a [Tool],
}

impl Recipe<'_> {
    /// The name under which the kernel is kept: SHA-256 of all of it, in hexadecimal.
    pub fn key(&self) -> String {
        let tools = self.tools.iter().filter(|tool| TOOLS.contains(&tool.name.as_str()));
        let mut parts = vec![
            "orv/kernel/v2".to_owned(),
            self.source.sha256.clone(),
            self.options.text(),
        ];
        parts.extend(self.patches.iter().map(|patch| format!("patch {}", patch.sha256)));
        parts.extend(tools.map(|tool| format!("{} {}", tool.name, tool.version)));
        parts.extend(IDENTITY.map(|(name, value)| format!("{name}={value}")));
        let mut context = Context::new(&SHA256);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        hex::encode(context.finish())
    }
}

/// The kernel of a recipe: from the cache, or built. `source` is the file of the recipe's pin; it is only asked for when
/// something has to be built.
///
/// # Errors
/// [`ImageError::OptionsNotTaken`], [`ImageError::OptionsUnasked`], [`ImageError::Step`], [`ImageError::Hash`] where the
/// cache holds other bytes than were put there, and those of `source`.
pub fn build(
    recipe: &Recipe<'_>,
    cache: &Cache,
    source: impl FnOnce() -> Result<PathBuf, ImageError>,
) -> Result<Kernel, ImageError> {
    let key = recipe.key();
    let kernels = cache.folder("kernels")?;
    let place = kernels.join(&key);
    // Two builds at once would each take minutes for the same bytes: the second waits for the first.
    let held = lock(&kernels, &key)?;
    held.lock().map_err(ImageError::file(&place))?;
    if !place.exists() {
        remove_abandoned(&kernels, &key);
        let work = kernels.join(format!("{UNFINISHED}{key}"));
        fs::create_dir(&work).map_err(ImageError::file(&work))?;
        let made = make(recipe, &source()?, &work, &place.with_extension("log"));
        let _ = fs::remove_dir_all(&work);
        made?.keep(&place)?;
    }
    let kept = Kept::read(&place)?;
    Ok(Kernel {
        release: kept.release(),
        origin: Origin::Own {
            recipe: key,
            options_sha256: sha256(recipe.options.text().as_bytes()),
            patches: recipe.patches.to_vec(),
            configuration_sha256: sha256(&kept.configuration),
        },
        image: kept.image,
        configuration: Some(kept.configuration),
        modules: Vec::new(),
    })
}

fn lock(kernels: &Path, key: &str) -> Result<File, ImageError> {
    let path = kernels.join(format!("{key}.lock"));
    File::create(&path).map_err(ImageError::file(path))
}

/// Removes what builds left that were killed: three gigabytes each. A build holds its recipe's lock, so a folder whose
/// lock is free has nobody; that of `own` is ours.
fn remove_abandoned(kernels: &Path, own: &str) {
    let entries = fs::read_dir(kernels).into_iter().flatten().filter_map(Result::ok);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(key) = name.strip_prefix(UNFINISHED) else {
            continue;
        };
        let free = || lock(kernels, key).is_ok_and(|lock| lock.try_lock().is_ok());
        if key == own || free() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Builds in a folder of its own. The log survives a failure.
fn make(recipe: &Recipe<'_>, source: &Path, work: &Path, log: &Path) -> Result<Kept, ImageError> {
    let _ = fs::remove_file(log);
    let tree = Tree::unpack(source, work, log)?;
    recipe.patches.iter().try_for_each(|patch| tree.apply(patch))?;
    tree.configure(recipe.options)?;
    tree.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_killed_builds_left_is_removed_and_a_running_ones_folder_is_not() {
        let kernels = tempfile::tempdir().unwrap();
        let folder = |key: &str| kernels.path().join(format!("{UNFINISHED}{key}"));
        for key in ["own", "killed", "running"] {
            fs::create_dir_all(folder(key).join("tree")).unwrap();
        }
        let (own, running) = (
            lock(kernels.path(), "own").unwrap(),
            lock(kernels.path(), "running").unwrap(),
        );
        own.lock().unwrap();
        running.lock().unwrap();
        remove_abandoned(kernels.path(), "own");
        assert!(!folder("own").exists() && !folder("killed").exists());
        assert!(folder("running").exists());
    }
}
