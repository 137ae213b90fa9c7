//! The distribution's own kernel, with the modules that the image needs.

use super::{Kernel, Origin};
use crate::error::ImageError;
use crate::process::{output, plain};
use std::fs;
use std::path::{Path, PathBuf};

/// Modules in the order in which they are loaded: each stands behind those that it needs.
pub const MODULES: [&str; 11] = [
    "configfs",
    "virtio_mmio",
    "vsock",
    "vmw_vsock_virtio_transport_common",
    "vmw_vsock_virtio_transport",
    "rng-core",
    "nsm",
    "overlay",
    "tsm",
    "sev-guest",
    "tdx-guest",
];

/// The kernel and its modules out of the distribution's package.
///
/// # Errors
/// [`ImageError::Step`] and [`ImageError::File`].
pub fn unpack(package: &Path) -> Result<Kernel, ImageError> {
    let folder = tempfile::tempdir().map_err(ImageError::file("a temporary folder"))?;
    output(plain("dpkg-deb").arg("-x").arg(package).arg(folder.path()))?;
    let boot = only(&folder.path().join("boot"), |name| name.starts_with("vmlinuz-"))?;
    let name = boot
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let release = name.trim_start_matches("vmlinuz-").to_owned();
    let tree = [format!("lib/modules/{release}"), format!("usr/lib/modules/{release}")];
    let tree = tree
        .iter()
        .map(|path| folder.path().join(path))
        .find(|path| path.exists());
    let mut modules = Vec::new();
    if let Some(tree) = tree {
        for name in MODULES {
            // Some are built in, depending on the release.
            if let Some(path) = find(&tree, &format!("{name}.ko"))? {
                let number = modules.len();
                modules.push((format!("{number:02}-{name}.ko"), content(&path)?));
            }
        }
    }
    Ok(Kernel {
        image: fs::read(&boot).map_err(ImageError::file(&boot))?,
        release,
        configuration: None,
        origin: Origin::Debian,
        modules,
    })
}

/// A module, unpacked: the kernel takes it as it is, and the image needs no second way to unpack.
fn content(path: &Path) -> Result<Vec<u8>, ImageError> {
    if path.extension().is_some_and(|extension| extension == "xz") {
        output(plain("xz").arg("-dk").arg(path))?;
    }
    let plain_file = path.with_extension("");
    let unpacked = if path.extension().is_some_and(|extension| extension == "xz") {
        &plain_file
    } else {
        path
    };
    fs::read(unpacked).map_err(ImageError::file(unpacked))
}

fn only(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<PathBuf, ImageError> {
    let entries = fs::read_dir(folder).map_err(ImageError::file(folder))?;
    let mut paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    paths
        .find(|path| path.file_name().is_some_and(|name| wanted(&name.to_string_lossy())))
        .ok_or_else(|| ImageError::Environment(format!("no kernel is in {}", folder.display())))
}

/// A file of the name, or of the name with a suffix, anywhere below a folder.
fn find(folder: &Path, name: &str) -> Result<Option<PathBuf>, ImageError> {
    for entry in fs::read_dir(folder).map_err(ImageError::file(folder))? {
        let path = entry.map_err(ImageError::file(folder))?.path();
        if path.is_dir() {
            if let Some(found) = find(&path, name)? {
                return Ok(Some(found));
            }
        } else if path
            .file_name()
            .is_some_and(|file| file.to_string_lossy().starts_with(name))
        {
            return Ok(Some(path));
        }
    }
    Ok(None)
}
