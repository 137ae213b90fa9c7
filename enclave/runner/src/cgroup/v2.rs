//! Version 2: one directory in the unified hierarchy.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Bounds, CgroupError, Counters, file};
use crate::protection::Protection;

#[derive(Debug)]
pub(crate) struct Group {
    at: PathBuf,
}

impl Group {
    pub(super) fn open(root: &Path, name: &str) -> Self {
        Group { at: root.join(name) }
    }

    pub(super) fn create(root: &Path, name: &str, bounds: &Bounds) -> Result<Self, CgroupError> {
        file::write(root, "cgroup.subtree_control", "+cpu +cpuset +memory +pids")?;
        let group = Group::open(root, name);
        match file::make(&group.at).and_then(|()| group.limit(bounds)) {
            Ok(()) => Ok(group),
            Err(error) => {
                let _ = group.remove();
                Err(error)
            }
        }
    }

    fn limit(&self, bounds: &Bounds) -> Result<(), CgroupError> {
        file::write(&self.at, "memory.max", &bounds.memory())?;
        if self.at.join("memory.swap.max").exists() {
            file::write(&self.at, "memory.swap.max", "0")?;
        } else if machine_swaps()? {
            return Err(CgroupError::Swap(self.at.clone()));
        }
        let together = bounds.kept.has(Protection::OutOfMemoryEndsRun);
        file::write(&self.at, "memory.oom.group", if together { "1" } else { "0" })?;
        file::write(&self.at, "pids.max", &bounds.processes())?;
        match bounds.processors() {
            Some(cpus) => file::write(&self.at, "cpuset.cpus", &cpu_list(cpus)),
            None => Ok(()),
        }
    }

    pub(super) fn is_there(&self) -> bool {
        self.at.exists()
    }

    pub(super) fn freeze(&self) -> Result<(), CgroupError> {
        file::write(&self.at, "cgroup.freeze", "1")?;
        let frozen = file::wait_until(|| Ok(file::read_keyed(&self.at, "cgroup.events", "frozen")? == 1))?;
        if frozen {
            Ok(())
        } else {
            Err(CgroupError::NotFrozen(self.at.clone()))
        }
    }

    pub(super) fn thaw(&self) -> Result<(), CgroupError> {
        file::write(&self.at, "cgroup.freeze", "0")
    }

    pub(super) fn kill(&self) -> Result<(), CgroupError> {
        if self.at.exists() {
            file::write(&self.at, "cgroup.kill", "1")
        } else {
            Ok(())
        }
    }

    pub(super) fn cpu(&self) -> Result<Duration, CgroupError> {
        file::read_keyed(&self.at, "cpu.stat", "usage_usec").map(Duration::from_micros)
    }

    pub(super) fn counters(&self) -> Result<Counters, CgroupError> {
        Ok(Counters {
            cpu: self.cpu()?,
            peak_memory: file::read_number(&self.at, "memory.peak")?,
            oom_kills: file::read_keyed(&self.at, "memory.events", "oom_kill")?,
            pids_hit: file::read_keyed(&self.at, "pids.events", "max")?,
        })
    }

    pub(super) fn remove(&self) -> Result<(), CgroupError> {
        file::remove(&self.at)
    }
}

/// Whether any swap is on: the table has a line beyond its heading, or the kernel has no such table at all.
pub(super) fn machine_swaps() -> Result<bool, CgroupError> {
    let table = Path::new("/proc/swaps");
    Ok(table.exists() && file::read(Path::new("/proc"), "swaps")?.lines().nth(1).is_some())
}

/// Processors as the kernel reads a list.
pub(super) fn cpu_list(cpus: &[u32]) -> String {
    cpus.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A directory that answers like a group of the kernel's, as far as plain files can.
    fn directory(files: &[(&str, &str)]) -> (tempfile::TempDir, Group) {
        let root = tempfile::TempDir::new().expect("a directory");
        let group = Group::open(root.path(), "group");
        fs::create_dir(&group.at).expect("a directory");
        for (name, content) in files {
            fs::write(group.at.join(name), content).expect("a file");
        }
        (root, group)
    }

    #[test]
    fn every_limit_is_written_and_swap_is_none() {
        let names = [
            "memory.max",
            "memory.swap.max",
            "memory.oom.group",
            "pids.max",
            "cpuset.cpus",
        ];
        let (_root, group) = directory(&names.map(|name| (name, "")));
        group
            .limit(&Bounds {
                memory_bytes: 4096,
                pids: 8,
                cpus: Some(vec![1, 3]),
                kept: Default::default(),
            })
            .expect("limits");
        let written = names.map(|name| fs::read_to_string(group.at.join(name)).expect("text"));
        assert_eq!(written, ["4096", "0", "1", "9", "1,3"]);
    }

    #[test]
    fn a_limit_whose_file_is_missing_is_an_error() {
        let (_root, group) = directory(&[("memory.max", ""), ("memory.swap.max", "")]);
        let refused = group.limit(&Bounds {
            memory_bytes: 4096,
            pids: 8,
            cpus: None,
            kept: Default::default(),
        });
        assert!(
            matches!(&refused, Err(CgroupError::File { path, .. }) if path.ends_with("memory.oom.group")),
            "{refused:?}"
        );
    }

    #[test]
    fn counters_are_read_from_the_kernel_s_form() {
        let (_root, group) = directory(&[
            ("cpu.stat", "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n"),
            ("memory.peak", "8192\n"),
            (
                "memory.events",
                "low 0\nhigh 0\nmax 7\noom 1\noom_kill 2\noom_group_kill 1\n",
            ),
            ("pids.events", "max 3\n"),
        ]);
        let cpu = Duration::from_micros(1500);
        assert_eq!(
            group.counters().expect("counters"),
            Counters {
                cpu,
                peak_memory: 8192,
                oom_kills: 2,
                pids_hit: 3
            }
        );
    }

    #[test]
    fn a_counter_in_another_form_is_an_error() {
        let (_root, group) = directory(&[("cpu.stat", "usage_usec many\n")]);
        assert!(matches!(group.counters(), Err(CgroupError::Content { .. })));
    }
}
