//! What stands between the payload and the machine.

use crate::helper::FIRST_LANDLOCK_VERSION;
use crate::syscall::landlock;
use serde::{Deserialize, Serialize};

/// How far one protection holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// The kernel enforces it for the container as a whole.
    Enforced,
    /// Only a limit per process, or only watched by the runner.
    Weaker,
    /// Not there.
    Absent,
}

/// Which control groups carry the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ControlGroups {
    /// One hierarchy for each controller.
    V1,
    /// The unified hierarchy.
    V2,
    /// None; only possible under [`crate::CgroupMode::Weaker`].
    None,
}

/// The protections of a run, or those this machine can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Protections {
    /// Namespaces, read-only root, no capabilities, unprivileged host ids, no network.
    pub isolation: Strength,
    /// The allow-list of system calls.
    pub system_calls: Strength,
    /// Landlock behind the mounts and the network namespace: enforced from version 6 of the kernel's interface, weaker
    /// from 2, absent below and where it is not among the kernel's active modules.
    pub landlock: Strength,
    /// The memory limit.
    pub memory: Strength,
    /// The limit of processes and threads.
    pub processes: Strength,
    /// The CPU-time limit and reading.
    pub cpu_time: Strength,
    /// Pinning to processors; absent when none were asked for. In a split run: enforced when the two sides share no
    /// processor and no core, weaker when they share a core or nobody knows.
    pub cpu_pinning: Strength,
    /// Stopping a container between windows; absent makes split runs impossible.
    pub freezing: Strength,
    /// What carries the limits.
    pub control_groups: ControlGroups,
}

/// The version that has all we ask of it: scopes of sockets and signals.
const WHOLE_LANDLOCK: u32 = 6;

/// How far a version of Landlock's interface goes.
pub(crate) fn second_line(version: Option<u32>) -> Strength {
    match version {
        Some(version) if version >= WHOLE_LANDLOCK => Strength::Enforced,
        Some(version) if version >= FIRST_LANDLOCK_VERSION => Strength::Weaker,
        _ => Strength::Absent,
    }
}

impl Protections {
    /// What a run with these control groups has. Isolation and the system-call filter are not graded: a run without
    /// them does not start.
    pub(crate) fn of(control_groups: ControlGroups, pinned: Strength) -> Self {
        let grouped = |without| match control_groups {
            ControlGroups::V1 | ControlGroups::V2 => Strength::Enforced,
            ControlGroups::None => without,
        };
        Protections {
            isolation: Strength::Enforced,
            system_calls: Strength::Enforced,
            landlock: second_line(landlock::version()),
            memory: grouped(Strength::Weaker),
            processes: grouped(Strength::Weaker),
            cpu_time: grouped(Strength::Weaker),
            cpu_pinning: match pinned {
                Strength::Enforced => grouped(Strength::Absent),
                other => other,
            },
            freezing: grouped(Strength::Absent),
            control_groups,
        }
    }
}
