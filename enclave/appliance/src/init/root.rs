//! Leaving the initramfs.
//!
//! The kernel does not let anybody pivot away from the initramfs, and every container pivots. So the image's few files are
//! copied once to a file system in memory, which becomes the root of everything (`reference/container.md` 0 and 8 of the
//! design's measured facts); when the machine is ready it is made read-only.

use super::mounts::MountError;
use nix::mount::{MsFlags, mount};
use nix::unistd::{chdir, chroot};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The program in the image, and in the root that it moves to.
pub(super) const PROGRAM: &str = "/init";

/// The image's other files.
const FILES: &str = "/orv";

/// Where the new root is mounted before it is one.
const STAGE: &str = "/stage";

/// Where others are mounted later.
const PLACES: [&str; 4] = ["dev", "proc", "sys", "scratch"];

/// The root holds the program, its configuration and the kernel's modules where an image has them.
const ROOM: &str = "mode=755,size=64m";

/// Why the root could not be left.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RootError {
    /// A file or directory.
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    /// A mount.
    #[error(transparent)]
    Mount(#[from] MountError),
}

/// Moves this process, and with it all that it will start, to a root that is not the initramfs.
pub(super) fn leave_the_initramfs() -> Result<(), RootError> {
    let stage = Path::new(STAGE);
    fs::create_dir(stage).map_err(at(stage))?;
    mounted(Some("tmpfs"), stage, MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some(ROOM))?;
    for place in PLACES {
        let place = stage.join(place);
        fs::create_dir(&place).map_err(at(&place))?;
    }
    copy(Path::new(PROGRAM), &stage.join("init"))?;
    copy(Path::new(FILES), &stage.join("orv"))?;
    // What was copied would stay in memory twice.
    fs::remove_dir_all(FILES).map_err(at(Path::new(FILES)))?;
    fs::remove_file(PROGRAM).map_err(at(Path::new(PROGRAM)))?;
    chdir(stage).map_err(|errno| at(stage)(errno.into()))?;
    let root = Path::new("/");
    mount(Some("."), root, None::<&str>, MsFlags::MS_MOVE, None::<&str>).map_err(|errno| moved(root, errno))?;
    chroot(".")
        .and_then(|()| chdir(root))
        .map_err(|errno| at(root)(errno.into()))
}

/// Nobody needs to write to the root any more.
pub(super) fn make_the_root_read_only() -> Result<(), RootError> {
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mounted(None, Path::new("/"), flags, None)
}

fn mounted(kind: Option<&'static str>, place: &Path, flags: MsFlags, options: Option<&str>) -> Result<(), RootError> {
    mount(kind, place, kind, flags, options).map_err(|errno| moved(place, errno))
}

fn moved(place: &Path, errno: nix::Error) -> RootError {
    RootError::Mount(MountError {
        kind: "tmpfs",
        at: place.to_owned(),
        source: errno.into(),
    })
}

/// Copies regular files and directories; an image has nothing else.
fn copy(from: &Path, to: &Path) -> Result<(), RootError> {
    let metadata = fs::symlink_metadata(from).map_err(at(from))?;
    if metadata.is_dir() {
        fs::create_dir(to).map_err(at(to))?;
        for entry in fs::read_dir(from).map_err(at(from))? {
            let entry = entry.map_err(at(from))?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if !metadata.is_file() {
        return Err(at(from)(io::Error::from(io::ErrorKind::Unsupported)));
    }
    fs::copy(from, to).map_err(at(to))?;
    fs::set_permissions(to, fs::Permissions::from_mode(metadata.permissions().mode())).map_err(at(to))
}

fn at(path: &Path) -> impl Fn(io::Error) -> RootError {
    let path = path.to_owned();
    move |source| RootError::File {
        path: path.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_of_files_is_copied_with_its_modes_and_a_link_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("orv");
        fs::create_dir_all(from.join("modules")).unwrap();
        fs::write(from.join("modules/00-a.ko"), "module").unwrap();
        fs::set_permissions(from.join("modules/00-a.ko"), fs::Permissions::from_mode(0o755)).unwrap();
        let to = folder.path().join("copy");
        copy(&from, &to).unwrap();
        let copied = to.join("modules/00-a.ko");
        assert_eq!(fs::read(&copied).unwrap(), b"module");
        assert_eq!(fs::metadata(&copied).unwrap().permissions().mode() & 0o777, 0o755);

        std::os::unix::fs::symlink("/etc/passwd", from.join("link")).unwrap();
        assert!(matches!(
            copy(&from, &folder.path().join("other")),
            Err(RootError::File { .. })
        ));
    }
}
