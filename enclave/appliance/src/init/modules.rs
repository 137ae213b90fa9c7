//! The kernel's modules, where an image has some: one that carries a distribution's own kernel.

use crate::console::tell;
use nix::errno::Errno;
use nix::kmod::{ModuleInitFlags, finit_module};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Where an image has them, each `NN-name.ko`, in the order of their names.
pub(super) const FOLDER: &str = "/orv/modules";

/// A module that could not be loaded.
#[derive(Debug, thiserror::Error)]
#[error("module {path}: {source}")]
pub(crate) struct ModuleError {
    path: PathBuf,
    source: io::Error,
}

/// Loads every module of the folder, if there is one. A driver whose device this machine has not says so, which is told
/// and is no failure: the drivers of TDX and SEV-SNP are in one image.
pub(super) fn load_all(folder: &Path) -> Result<(), ModuleError> {
    for path in in_order(folder)? {
        let file = File::open(&path).map_err(at(&path))?;
        match finit_module(&file, c"", ModuleInitFlags::empty()) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(Errno::ENODEV) => tell(format_args!("boot: {} has no device here", path.display())),
            Err(errno) => return Err(at(&path)(errno.into())),
        }
    }
    Ok(())
}

fn in_order(folder: &Path) -> Result<Vec<PathBuf>, ModuleError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        entries => entries.map_err(at(folder))?,
    };
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()).map_err(at(folder)))
        .collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn at(path: &Path) -> impl Fn(io::Error) -> ModuleError {
    let path = path.to_owned();
    move |source| ModuleError {
        path: path.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_modules_has_nothing_to_load() {
        assert!(load_all(Path::new("/nowhere/modules")).is_ok());
    }

    #[test]
    fn modules_are_loaded_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["10-nsm.ko", "00-configfs.ko", "01-vsock.ko"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let names: Vec<_> = in_order(folder.path()).unwrap();
        let names: Vec<_> = names.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        assert_eq!(names, ["00-configfs.ko", "01-vsock.ko", "10-nsm.ko"]);
    }
}
