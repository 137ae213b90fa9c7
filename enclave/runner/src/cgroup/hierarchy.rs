//! Where this machine's control groups are mounted.

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::{AccessFlags, ForkResult, access};

use super::{Bounds, CgroupError, Group, file, v1, v2};
use crate::syscall;

/// The controllers without which version 2 cannot carry our limits.
const NEEDED_V2: [&str; 4] = ["cpu", "cpuset", "memory", "pids"];

/// The mounted hierarchies that can carry every limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hierarchy {
    V1(v1::Controllers),
    V2(PathBuf),
}

impl Hierarchy {
    /// Finds them in this process's mount table. Version 2 wins where it has all controllers, which on a hybrid machine
    /// it has not.
    pub(crate) fn detect() -> Result<Self, CgroupError> {
        let table = file::read(Path::new("/proc/self"), "mountinfo")?;
        let mounts: Vec<Mount> = table.lines().filter_map(Mount::parse).collect();
        for mount in mounts.iter().filter(|mount| mount.kind == "cgroup2") {
            let controllers = file::read(&mount.point, "cgroup.controllers")?;
            if NEEDED_V2
                .iter()
                .all(|needed| controllers.split_whitespace().any(|found| found == *needed))
            {
                return Ok(Hierarchy::V2(mount.point.clone()));
            }
        }
        let find = |controller: &'static str| {
            mounts
                .iter()
                .find(|mount| mount.kind == "cgroup" && mount.options.split(',').any(|option| option == controller))
                .map(|mount| mount.point.clone())
                .ok_or(CgroupError::NoController(controller))
        };
        Ok(Hierarchy::V1(v1::Controllers {
            memory: find("memory")?,
            pids: find("pids")?,
            cpuset: find("cpuset")?,
            cpuacct: find("cpuacct")?,
            cpu: find("cpu")?,
            freezer: find("freezer")?,
        }))
    }

    /// Whether this process may make groups in every one of them.
    pub(crate) fn is_writable(&self) -> bool {
        let places = match self {
            Hierarchy::V1(controllers) => controllers.distinct(),
            Hierarchy::V2(root) => vec![root.as_path()],
        };
        places.into_iter().all(|place| access(place, AccessFlags::W_OK).is_ok())
    }

    /// Makes the group `name` with its limits, and first removes what runners that are no more left behind.
    pub(crate) fn create(&self, name: &GroupName, bounds: &Bounds) -> Result<Group, CgroupError> {
        self.remove_abandoned();
        match self {
            Hierarchy::V1(controllers) => v1::Group::create(controllers, &name.0, bounds).map(Group::V1),
            Hierarchy::V2(root) => v2::Group::create(root, &name.0, bounds).map(Group::V2),
        }
    }

    /// Forks a process that is in the group `name`, which the runner has made, or that will be as soon as it calls
    /// [`Hierarchy::enter`]. Only for a process of one thread.
    ///
    /// Neither way takes the lock of all forks of the machine, for which the kernel may wait more than ten milliseconds:
    /// version 2 has the child born in its group, version 1 lets a thread move itself.
    pub(crate) fn fork_into(&self, name: &GroupName) -> Result<ForkResult, CgroupError> {
        let (path, forked) = match self {
            Hierarchy::V1(controllers) => (controllers.memory.clone(), syscall::fork()),
            Hierarchy::V2(root) => {
                let group = root.join(&name.0);
                let opened = open(
                    &group,
                    OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
                    Mode::empty(),
                );
                (group, opened.and_then(|group| syscall::fork_into(group.as_fd())))
            }
        };
        forked.map_err(|errno| CgroupError::File {
            path,
            source: errno.into(),
        })
    }

    /// The forked process's own part.
    pub(crate) fn enter(&self, name: &GroupName) -> Result<(), CgroupError> {
        match self {
            Hierarchy::V1(controllers) => v1::Group::open(controllers, &name.0).enter(),
            Hierarchy::V2(_) => Ok(()),
        }
    }

    /// The group `name` as its owner.
    fn open(&self, name: &GroupName) -> Group {
        match self {
            Hierarchy::V1(controllers) => Group::V1(v1::Group::open(controllers, &name.0)),
            Hierarchy::V2(root) => Group::V2(v2::Group::open(root, &name.0)),
        }
    }

    fn remove_abandoned(&self) {
        let root = match self {
            Hierarchy::V1(controllers) => &controllers.memory,
            Hierarchy::V2(root) => root,
        };
        let Ok(entries) = fs::read_dir(root) else { return };
        for entry in entries.flatten() {
            let abandoned = entry
                .file_name()
                .to_str()
                .and_then(GroupName::parse)
                .filter(GroupName::is_abandoned);
            // Dropping a group kills and removes it. A failure here harms nobody: the group is not ours.
            drop(abandoned.map(|name| self.open(&name)));
        }
    }
}

/// `orv-<pid namespace>-<process id of the runner>-<number>`, directly below the hierarchy's root.
///
/// The namespace is part of it because a runner in another one, on the same hierarchy, has process ids that say nothing
/// here: its groups must not pass for abandoned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupName(String);

impl GroupName {
    pub(crate) fn new(namespace: u64, runner: u32, number: u64) -> Self {
        GroupName(format!("orv-{namespace}-{runner}-{number}"))
    }

    /// A name of this process's own.
    pub(crate) fn own(number: u64) -> Result<Self, CgroupError> {
        Ok(GroupName::new(own_namespace()?, std::process::id(), number))
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (namespace, runner, number) = GroupName::numbers(text)?;
        Some(GroupName::new(namespace, runner, number)).filter(|name| name.0 == text)
    }

    fn numbers(text: &str) -> Option<(u64, u32, u64)> {
        let mut numbers = text.strip_prefix("orv-")?.splitn(3, '-');
        Some((
            numbers.next()?.parse().ok()?,
            numbers.next()?.parse().ok()?,
            numbers.next()?.parse().ok()?,
        ))
    }

    /// As an OCI document's `cgroupsPath`.
    pub(crate) fn path(&self) -> String {
        format!("/{}", self.0)
    }

    fn is_abandoned(&self) -> bool {
        let Some((namespace, runner, _)) = GroupName::numbers(&self.0) else {
            return false;
        };
        own_namespace().is_ok_and(|own| own == namespace) && !Path::new("/proc").join(runner.to_string()).exists()
    }
}

fn own_namespace() -> Result<u64, CgroupError> {
    let path = PathBuf::from("/proc/self/ns/pid");
    fs::metadata(&path)
        .map(|namespace| namespace.ino())
        .map_err(|source| CgroupError::File { path, source })
}

/// The part of a mountinfo line that matters here (proc(5)).
struct Mount {
    point: PathBuf,
    kind: String,
    options: String,
}

impl Mount {
    fn parse(line: &str) -> Option<Self> {
        let (place, source) = line.split_once(" - ")?;
        let mut source = source.split(' ');
        let kind = source.next()?.to_owned();
        let options = source.nth(1)?.to_owned();
        // A mount point with a space is written in octal; no control group is mounted at such a place.
        Some(Mount {
            point: PathBuf::from(place.split(' ').nth(4)?),
            kind,
            options,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mountinfo_line_gives_point_kind_and_options() {
        let line = "30 26 0:27 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory";
        let mount = Mount::parse(line).expect("a mount");
        assert_eq!(mount.point, Path::new("/sys/fs/cgroup/memory"));
        assert_eq!((mount.kind.as_str(), mount.options.as_str()), ("cgroup", "rw,memory"));
    }

    #[test]
    fn only_names_that_a_runner_writes_are_parsed() {
        assert!(GroupName::parse("orv-9-12-3").is_some());
        for other in [
            "orv-12",
            "orv-1-2",
            "orv-9-012-3",
            "orv-9-12-3/..",
            "orv-9--1",
            "user.slice",
            "orv-1-2-3-4",
        ] {
            assert_eq!(GroupName::parse(other), None, "{other}");
        }
    }
}
