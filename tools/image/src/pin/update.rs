//! Moving pins to what the archive serves now.

use super::cache::{identity, sha256};
use super::{Archive, Cache, Input, Network, PATH, Pins, Purpose};
use crate::build::own_kernel;
use crate::error::ImageError;
use crate::toolchain;
use serde::Serialize;
use std::fs;
use std::path::Path;

/// One pin that moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Package.
    pub package: String,
    /// Version before.
    pub from: String,
    /// Version now.
    pub to: String,
}

/// Asks the archive for every input's newest version, fetches what is new, takes the versions of the installed tools,
/// builds both kernels from that where the cache lacks them, and writes `images/pins.toml`. A person reads the difference.
///
/// # Errors
/// Those of the archive and of a kernel's build, and [`ImageError::File`].
pub fn update(repository: &Path, cache: &Cache, say: &dyn Fn(&str)) -> Result<Vec<Moved>, ImageError> {
    let mut pins = Pins::read(repository)?;
    let mut moved = Vec::new();
    for input in &mut pins.inputs {
        let newest = newest(input, cache)?;
        if newest != *input {
            moved.push(Moved {
                package: newest.package.clone(),
                from: input.version.clone(),
                to: newest.version.clone(),
            });
            *input = newest;
        }
    }
    for tool in &mut pins.tools {
        let installed = toolchain::installed(&tool.name)?;
        if installed != tool.version {
            moved.push(Moved {
                package: tool.name.clone(),
                from: tool.version.clone(),
                to: installed.clone(),
            });
            tool.version = installed;
        }
    }
    let source = pins.input(Purpose::KernelSource).map_err(|cause| ImageError::Pins {
        path: repository.join(PATH),
        cause,
    })?;
    let input = &source.clone();
    for pinned in &mut pins.kernels {
        let kernel = own_kernel(repository, pinned.platform, input, &pins.tools, cache, || {
            say("building a kernel (five to ten minutes)");
            cache.input(input, None, &Network::Allowed)
        })?;
        let built = sha256(&kernel.image);
        if built != pinned.sha256 {
            moved.push(Moved {
                package: format!("kernel of {}", pinned.platform.name()),
                from: pinned.sha256.clone(),
                to: built.clone(),
            });
            pinned.sha256 = built;
        }
    }
    let path = repository.join(PATH);
    fs::write(&path, pins.text()).map_err(ImageError::file(&path))?;
    Ok(moved)
}

fn newest(input: &Input, cache: &Cache) -> Result<Input, ImageError> {
    let archive = Archive::of_machine(&input.suite)?;
    let package = match &input.follows {
        None => input.package.clone(),
        Some(follows) => {
            let depends = archive.newest(follows)?.depends;
            let stem = follows.trim_end_matches("-cloud-amd64");
            let named = depends.into_iter().find(|package| package.starts_with(stem));
            named.ok_or_else(|| ImageError::Archive {
                suite: input.suite.clone(),
                cause: format!("{follows} depends on no kernel"),
            })?
        }
    };
    let version = archive.newest(&package)?.version;
    if package == input.package && version == input.version {
        return Ok(input.clone());
    }
    let fetched = archive.download(&package, &version)?;
    let (sha256, size, root) = identity(&fetched.path)?;
    let file = fetched
        .path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let newest = Input {
        package,
        version,
        file,
        size,
        sha256,
        root,
        ..input.clone()
    };
    cache.keep(&newest, &fetched.path)?;
    Ok(newest)
}
