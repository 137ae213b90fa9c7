//! Control groups: limits, counters, freezing and killing for one container as a whole.
//!
//! Version 1 and version 2 differ in files, not in what we ask of them, so both are one [`Group`].

mod file;
mod hierarchy;
mod v1;
mod v2;

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

pub(crate) use hierarchy::{GroupName, Hierarchy};

use crate::protection::{ControlGroups, Kept, Protection};

/// A control group could not be made, limited, read or used.
#[derive(Debug, Error)]
pub enum CgroupError {
    /// A file of the control group file system refused an operation.
    #[error("control group file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the kernel answered.
        source: std::io::Error,
    },
    /// A counter does not have the form the kernel documents.
    #[error("control group file {path} holds {content:?}, which is not understood")]
    Content {
        /// The file.
        path: PathBuf,
        /// What it held, at most one line.
        content: String,
    },
    /// No hierarchy offers this controller.
    #[error("no control group hierarchy offers the {0} controller")]
    NoController(&'static str),
    /// The container could not be frozen in time.
    #[error("control group {0} did not freeze in time")]
    NotFrozen(PathBuf),
    /// Memory is limited without its swap, and the machine has swap.
    #[error("the machine swaps and {0} cannot limit it")]
    Swap(PathBuf),
    /// The group could not be removed because processes stay in it.
    #[error("control group {0} is still in use")]
    Busy(PathBuf),
}

/// The limits a group carries.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    pub memory_bytes: u64,
    /// The payload's own, without our init.
    pub pids: u32,
    pub cpus: Option<Vec<u32>>,
    pub kept: Kept,
}

impl Bounds {
    /// More than any machine has: written where a weakened build leaves a limit out.
    const NO_BYTES: u64 = 1 << 62;
    /// Just below what the kernel takes (`PID_MAX_LIMIT`).
    const NO_PROCESSES: u64 = 4 << 20;

    fn memory(&self) -> String {
        let kept = self.kept.has(Protection::MemoryLimit);
        if kept { self.memory_bytes } else { Bounds::NO_BYTES }.to_string()
    }

    /// One more than the payload's: our init is in the group.
    fn processes(&self) -> String {
        let kept = self.kept.has(Protection::ProcessLimit);
        if kept {
            u64::from(self.pids) + 1
        } else {
            Bounds::NO_PROCESSES
        }
        .to_string()
    }

    fn processors(&self) -> Option<&[u32]> {
        self.cpus.as_deref().filter(|_| self.kept.has(Protection::Pinning))
    }
}

/// A group's readings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub cpu: Duration,
    pub peak_memory: u64,
    pub oom_kills: u64,
    pub pids_hit: u64,
}

/// One container's control group. Dropping it kills what is left in it and removes it.
#[derive(Debug)]
pub(crate) enum Group {
    V1(v1::Group),
    V2(v2::Group),
    /// Limits are not carried by a group; only under `CgroupMode::Weaker`.
    Absent,
}

impl Group {
    pub(crate) fn kind(&self) -> ControlGroups {
        match self {
            Group::V1(_) => ControlGroups::V1,
            Group::V2(_) => ControlGroups::V2,
            Group::Absent => ControlGroups::None,
        }
    }

    pub(crate) fn freeze(&self) -> Result<(), CgroupError> {
        match self {
            Group::V1(group) => group.freeze(),
            Group::V2(group) => group.freeze(),
            Group::Absent => Err(CgroupError::NoController("freezer")),
        }
    }

    pub(crate) fn thaw(&self) -> Result<(), CgroupError> {
        match self {
            Group::V1(group) => group.thaw(),
            Group::V2(group) => group.thaw(),
            Group::Absent => Ok(()),
        }
    }

    /// Kills every process in the group, a frozen one too.
    pub(crate) fn kill(&self) -> Result<(), CgroupError> {
        match self {
            Group::V1(group) => group.kill(),
            Group::V2(group) => group.kill(),
            Group::Absent => Ok(()),
        }
    }

    pub(crate) fn counters(&self) -> Result<Counters, CgroupError> {
        match self {
            Group::V1(group) => group.counters(),
            Group::V2(group) => group.counters(),
            Group::Absent => Ok(Counters::default()),
        }
    }

    /// CPU time of all processes so far, zero without a group.
    pub(crate) fn cpu(&self) -> Result<Duration, CgroupError> {
        match self {
            Group::V1(group) => group.cpu(),
            Group::V2(group) => group.cpu(),
            Group::Absent => Ok(Duration::ZERO),
        }
    }

    /// Removes the group; everything in it must be dead or dying.
    pub(crate) fn remove(&self) -> Result<(), CgroupError> {
        match self {
            Group::V1(group) => group.remove(),
            Group::V2(group) => group.remove(),
            Group::Absent => Ok(()),
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // A run that went well has removed its group already and told of any failure; this is the path of errors, where
        // the first error is the one to report.
        let there = match self {
            Group::V1(group) => group.is_there(),
            Group::V2(group) => group.is_there(),
            Group::Absent => false,
        };
        if there {
            let _ = self.kill();
            let _ = self.remove();
        }
    }
}
