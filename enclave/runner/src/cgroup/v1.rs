//! Version 1: one directory in each controller's hierarchy.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Bounds, CgroupError, Counters, file};

/// Where each controller is mounted; two may share a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Controllers {
    pub memory: PathBuf,
    pub pids: PathBuf,
    pub cpuset: PathBuf,
    pub cpuacct: PathBuf,
    pub cpu: PathBuf,
    pub freezer: PathBuf,
}

impl Controllers {
    fn below(&self, name: &str) -> Self {
        Controllers {
            memory: self.memory.join(name),
            pids: self.pids.join(name),
            cpuset: self.cpuset.join(name),
            cpuacct: self.cpuacct.join(name),
            cpu: self.cpu.join(name),
            freezer: self.freezer.join(name),
        }
    }

    pub(super) fn distinct(&self) -> Vec<&Path> {
        let mut all: Vec<&Path> = [
            &self.memory,
            &self.pids,
            &self.cpuset,
            &self.cpuacct,
            &self.cpu,
            &self.freezer,
        ]
        .map(PathBuf::as_path)
        .into();
        all.sort_unstable();
        all.dedup();
        all
    }
}

#[derive(Debug)]
pub(crate) struct Group {
    at: Controllers,
}

impl Group {
    pub(super) fn open(controllers: &Controllers, name: &str) -> Self {
        Group {
            at: controllers.below(name),
        }
    }

    pub(super) fn create(controllers: &Controllers, name: &str, bounds: &Bounds) -> Result<Self, CgroupError> {
        let group = Group::open(controllers, name);
        let made = group.at.distinct().into_iter().try_for_each(file::make);
        match made.and_then(|()| group.limit(&controllers.cpuset, bounds)) {
            Ok(()) => Ok(group),
            Err(error) => {
                let _ = group.remove();
                Err(error)
            }
        }
    }

    fn limit(&self, cpuset_root: &Path, bounds: &Bounds) -> Result<(), CgroupError> {
        let bytes = bounds.memory();
        file::write(&self.at.memory, "memory.limit_in_bytes", &bytes)?;
        if self.at.memory.join("memory.memsw.limit_in_bytes").exists() {
            file::write(&self.at.memory, "memory.memsw.limit_in_bytes", &bytes)?;
        } else if super::v2::machine_swaps()? {
            return Err(CgroupError::Swap(self.at.memory.clone()));
        }
        file::write(&self.at.pids, "pids.max", &bounds.processes())?;
        // A cpuset admits nobody before both are set.
        file::write(
            &self.at.cpuset,
            "cpuset.mems",
            file::read(cpuset_root, "cpuset.effective_mems")?.trim(),
        )?;
        let cpus = match bounds.processors() {
            Some(cpus) => super::v2::cpu_list(cpus),
            None => file::read(cpuset_root, "cpuset.effective_cpus")?.trim().to_owned(),
        };
        file::write(&self.at.cpuset, "cpuset.cpus", &cpus)
    }

    /// Zero is the thread that writes.
    pub(super) fn enter(&self) -> Result<(), CgroupError> {
        self.at
            .distinct()
            .into_iter()
            .try_for_each(|directory| file::write(directory, "tasks", "0"))
    }

    pub(super) fn is_there(&self) -> bool {
        self.at.distinct().into_iter().any(Path::exists)
    }

    pub(super) fn freeze(&self) -> Result<(), CgroupError> {
        let frozen = file::wait_until(|| {
            // Written again at each look: a fork during the walk leaves the group FREEZING.
            file::write(&self.at.freezer, "freezer.state", "FROZEN")?;
            Ok(file::read(&self.at.freezer, "freezer.state")?.trim() == "FROZEN")
        })?;
        if frozen {
            Ok(())
        } else {
            Err(CgroupError::NotFrozen(self.at.freezer.clone()))
        }
    }

    pub(super) fn thaw(&self) -> Result<(), CgroupError> {
        file::write(&self.at.freezer, "freezer.state", "THAWED")
    }

    pub(super) fn kill(&self) -> Result<(), CgroupError> {
        file::kill_members(&self.at.memory)?;
        // A frozen process dies when it is thawed, without running again: the signal is already there.
        if self.at.freezer.exists() { self.thaw() } else { Ok(()) }
    }

    pub(super) fn cpu(&self) -> Result<Duration, CgroupError> {
        file::read_number(&self.at.cpuacct, "cpuacct.usage").map(Duration::from_nanos)
    }

    pub(super) fn counters(&self) -> Result<Counters, CgroupError> {
        Ok(Counters {
            cpu: self.cpu()?,
            peak_memory: file::read_number(&self.at.memory, "memory.max_usage_in_bytes")?,
            oom_kills: file::read_keyed(&self.at.memory, "memory.oom_control", "oom_kill")?,
            pids_hit: file::read_keyed(&self.at.pids, "pids.events", "max")?,
        })
    }

    pub(super) fn remove(&self) -> Result<(), CgroupError> {
        self.at.distinct().into_iter().try_for_each(file::remove)
    }
}
