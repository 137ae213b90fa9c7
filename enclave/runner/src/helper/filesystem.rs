//! The container's file tree, made by the host's root in a mount namespace of its own.
//!
//! The root is an overlay without an upper layer, hence immutable: the image below, and above it a skeleton of empty
//! directories for everything that is mounted. Where the image has something else at such a place, a link to somewhere
//! perhaps, the skeleton hides it, so no mount ever follows a path of the image's making.

use std::fs;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::unistd::{chdir, pivot_root};

use super::error::{At, SetupError};
use super::work;
use crate::document::{MASKED_PATHS, Plan, READ_ONLY_PATHS};
use crate::message::Step;
use crate::protection::{Kept, Protection};

/// Where everything is put together, relative to the stage, which is the working directory meanwhile.
const SKELETON: &str = "skeleton";
const ROOT: &str = "root";
const DEVICES_AT: &str = "root/dev";
const TEMPORARY_AT: &str = "root/tmp";
const STAGE_OPTIONS: &str = "mode=700,size=1m,nr_inodes=256";
/// Where a weakened build leaves the host's root.
const HOST: &str = "host";
/// Places the container always has.
const PLACES: [&str; 4] = ["proc", "dev", "tmp", "work"];
/// Name, major, minor: `Documentation/admin-guide/devices.txt` of the kernel.
const DEVICES: [(&str, u64, u64); 5] = [
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
];
const LINKS: [(&str, &str); 5] = [
    ("/proc/self/fd", "fd"),
    ("/proc/self/fd/0", "stdin"),
    ("/proc/self/fd/1", "stdout"),
    ("/proc/self/fd/2", "stderr"),
    ("/tmp", "shm"),
];

/// A directory of the host, held open: later mounts cannot get between us and it, and its path needs no escaping.
pub(super) struct Source(OwnedFd);

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, SetupError> {
        open(
            path,
            OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
            Mode::empty(),
        )
        .map(Source)
        .map_err(|errno| SetupError::other(Step::Sources, format!("{}: {errno}", path.display())))
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// A path to it that is good for as long as it is open.
    pub(super) fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.0.as_raw_fd())
    }
}

/// Makes the tree and makes it the root of this process.
pub(super) fn build(plan: &Plan) -> Result<(), SetupError> {
    mount_at(None, "/", None, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None).at(Step::Root)?;
    let rootfs = Source::open(&plan.rootfs)?;
    let layers = work::Layers::open(plan)?;
    let shown = plan
        .read_only
        .iter()
        .map(|(source, target)| Ok((Source::open(source)?, relative(target)?)))
        .collect::<Result<Vec<_>, SetupError>>()?;
    let kept = plan.kept;
    let (devices, temporary) = (
        foreign(kept, Protection::DeviceSet)?,
        foreign(kept, Protection::PrivateTemporary)?,
    );
    enter_stage(&plan.rootfs)?;
    mount_root(&rootfs, shown.iter().map(|(_, target)| target.as_path()), kept)?;
    mount_proc(kept)?;
    match devices {
        None => make_devices()?,
        Some(host) => bind(&host.path(), Path::new(DEVICES_AT)).at(Step::Devices)?,
    }
    match temporary {
        None => mount_temporary(plan)?,
        Some(host) => bind(&host.path(), Path::new(TEMPORARY_AT)).at(Step::Temporary)?,
    }
    layers.mount(&format!("{ROOT}/work"), kept)?;
    for (source, target) in &shown {
        let target = Path::new(ROOT).join(target);
        bind(&source.path(), &target).at(Step::ReadOnly)?;
        if kept.has(Protection::ReadOnlyRoot) {
            make_read_only(&target, no_devices(kept)).at(Step::ReadOnly)?;
        }
    }
    pivot(kept).at(Step::Pivot)
}

/// The host's own directory, which stands where a weakened build leaves a protection out.
fn foreign(kept: Kept, without: Protection) -> Result<Option<Source>, SetupError> {
    let path = match without {
        Protection::DeviceSet => "/dev",
        _ => "/tmp",
    };
    (!kept.has(without)).then(|| Source::open(Path::new(path))).transpose()
}

/// Flags of what holds files that are not ours: neither devices nor set-user-id programs.
pub(super) fn no_devices(kept: Kept) -> MsFlags {
    let all = [
        (MsFlags::MS_NOSUID, Protection::NoNewPrivileges),
        (MsFlags::MS_NODEV, Protection::NoDeviceFiles),
    ];
    let all = all.into_iter().filter(|(_, behind)| kept.has(*behind));
    all.fold(MsFlags::empty(), |flags, (flag, _)| flags | flag)
}

pub(super) fn mount_at(
    source: Option<&str>,
    target: &str,
    kind: Option<&str>,
    flags: MsFlags,
    options: Option<&str>,
) -> Result<(), Errno> {
    mount(source, target, kind, flags, options)
}

/// An absolute path of the container as one below its root; only plain names may be in it.
fn relative(target: &str) -> Result<PathBuf, SetupError> {
    let unfit = || SetupError::other(Step::ReadOnly, format!("{target:?} is no place for a mount"));
    let path = Path::new(target).strip_prefix("/").map_err(|_| unfit())?;
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let own = path
        .components()
        .next()
        .is_none_or(|first| PLACES.iter().any(|place| first.as_os_str() == *place));
    if plain && !own {
        Ok(path.to_owned())
    } else {
        Err(unfit())
    }
}

/// A small tmpfs over the image's own directory, which is open already and is seen no more.
fn enter_stage(over: &Path) -> Result<(), SetupError> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("tmpfs"), over, Some("tmpfs"), flags, Some(STAGE_OPTIONS)).at(Step::Root)?;
    chdir(over).at(Step::Root)
}

fn mount_root<'a>(rootfs: &Source, further: impl Iterator<Item = &'a Path>, kept: Kept) -> Result<(), SetupError> {
    fs::create_dir(ROOT).at(Step::Root)?;
    let host = (!kept.has(Protection::DetachedRoot)).then_some(Path::new(HOST));
    for place in PLACES.map(Path::new).into_iter().chain(host).chain(further) {
        fs::create_dir_all(Path::new(SKELETON).join(place)).at(Step::Root)?;
    }
    let mut options = format!("lowerdir={SKELETON}:{}", rootfs.path());
    let mut flags = no_devices(kept);
    if kept.has(Protection::ReadOnlyRoot) {
        flags |= MsFlags::MS_RDONLY;
    } else {
        for place in ["written", "workplace"] {
            fs::create_dir(place).at(Step::Root)?;
        }
        options.push_str(",upperdir=written,workdir=workplace");
    }
    mount_at(Some("overlay"), ROOT, Some("overlay"), flags, Some(&options)).at(Step::Root)
}

fn mount_proc(kept: Kept) -> Result<(), SetupError> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount_at(Some("proc"), &format!("{ROOT}/proc"), Some("proc"), flags, None).at(Step::Proc)?;
    if !kept.has(Protection::MaskedProc) {
        return Ok(());
    }
    for path in READ_ONLY_PATHS {
        let path = format!("{ROOT}{path}");
        if Path::new(&path).exists() {
            show_read_only(&path, Path::new(&path), flags).at(Step::Proc)?;
        }
    }
    let nothing = Nothing::prepare(flags).at(Step::Proc)?;
    for path in MASKED_PATHS {
        let path = format!("{ROOT}{path}");
        match fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(SetupError::other(Step::Proc, error)),
            Ok(found) if found.is_dir() => bind(nothing.directory, Path::new(&path)).at(Step::Proc)?,
            Ok(_) => bind(nothing.file, Path::new(&path)).at(Step::Proc)?,
        }
    }
    Ok(())
}

/// What hides something: read-only already, so that a bind of it is.
struct Nothing {
    file: &'static str,
    directory: &'static str,
}

impl Nothing {
    fn prepare(flags: MsFlags) -> std::io::Result<Self> {
        let nothing = Nothing {
            file: "no-file",
            directory: "no-directory",
        };
        fs::write(nothing.file, "")?;
        fs::create_dir(nothing.directory)?;
        for place in [nothing.file, nothing.directory] {
            show_read_only(place, Path::new(place), flags)?;
        }
        Ok(nothing)
    }
}

/// Binds `source` to `target`, without what is mounted below it.
pub(super) fn bind(source: &str, target: &Path) -> Result<(), Errno> {
    mount(Some(source), target, None::<&str>, MsFlags::MS_BIND, None::<&str>)
}

/// Binds `source` to `target` and makes the result read-only.
fn show_read_only(source: &str, target: &Path, flags: MsFlags) -> Result<(), Errno> {
    bind(source, target)?;
    make_read_only(target, flags)
}

fn make_read_only(target: &Path, flags: MsFlags) -> Result<(), Errno> {
    let flags = flags | MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
    mount(None::<&str>, target, None::<&str>, flags, None::<&str>)
}

fn make_devices() -> Result<(), SetupError> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    let options = Some("mode=755,size=65536");
    mount_at(Some("tmpfs"), DEVICES_AT, Some("tmpfs"), flags, options).at(Step::Devices)?;
    for (name, major, minor) in DEVICES {
        let path = Path::new(DEVICES_AT).join(name);
        mknod(&path, SFlag::S_IFCHR, Mode::empty(), makedev(major, minor)).at(Step::Devices)?;
        // Apart from mknod, whose mode the umask would narrow.
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o666)).at(Step::Devices)?;
    }
    for (target, name) in LINKS {
        symlink(target, Path::new(DEVICES_AT).join(name)).at(Step::Devices)?;
    }
    let read_only = flags | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    mount_at(Some("tmpfs"), DEVICES_AT, Some("tmpfs"), read_only, options).at(Step::Devices)
}

fn mount_temporary(plan: &Plan) -> Result<(), SetupError> {
    let options = work::tmpfs_options(plan.scratch_bytes, 0o1777, plan.kept);
    let flags = no_devices(plan.kept);
    mount_at(Some("tmpfs"), TEMPORARY_AT, Some("tmpfs"), flags, Some(&options)).at(Step::Temporary)
}

/// Makes the tree the root and lets go of the host's. The kernel refuses this where the host's root is an initramfs.
fn pivot(kept: Kept) -> Result<(), Errno> {
    chdir(ROOT)?;
    if kept.has(Protection::DetachedRoot) {
        pivot_root(".", ".")?;
        umount2(".", MntFlags::MNT_DETACH)?;
    } else {
        pivot_root(".", HOST)?;
    }
    chdir("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_goes_to_a_plain_place_that_is_not_ours() {
        assert_eq!(relative("/judge/files").expect("plain"), Path::new("judge/files"));
        for other in [
            "judge",
            "/",
            "/..",
            "/judge/../proc",
            "/proc",
            "/proc/1",
            "/dev/x",
            "/work",
            "/work/x",
            "/tmp",
        ] {
            assert!(relative(other).is_err(), "{other}");
        }
    }
}
