//! From what is asked for to the helper's plan, with everything checked that can be checked beforehand.

use std::path::{Path, PathBuf};

use crate::cgroup::GroupName;
use crate::container::Container;
use crate::document::{Plan, ResourceLimit, Upper};
use crate::error::RunnerError;
use crate::message::LONGEST_DOCUMENT;
use crate::protection::{Kept, Protection};

/// Stack of a process in bytes: the usual default, fixed so that no host's own setting shows.
const STACK_BYTES: u64 = 8 << 20;
/// Memory a process may lock in bytes, likewise.
const LOCKED_BYTES: u64 = 64 << 10;
/// Queued signals and timers. The kernel adds up those of a container and of whoever made its user namespace, against
/// the limit of the latter: without one of its own, a container leaves the machine's root none.
const PENDING_SIGNALS: u64 = 1024;
/// Of a limit that a weakened build leaves out; the helper takes it for as much as it may grant.
const UNLIMITED: u64 = u64::MAX;

pub(crate) fn compose(
    container: &Container,
    upper: Upper,
    group: Option<GroupName>,
    kept: Kept,
) -> Result<Plan, RunnerError> {
    check_limits(container)?;
    if container.argv.is_empty() {
        return Err(RunnerError::EmptyCommand);
    }
    let mut env = container
        .env
        .iter()
        .map(|(name, value)| variable(name, value))
        .collect::<Result<Vec<_>, _>>()?;
    if !kept.has(Protection::Environment) {
        env.extend(std::env::vars().map(|(name, value)| format!("{name}={value}")));
    }
    for text in container.argv.iter().chain([&container.cwd]).chain(&env) {
        if text.contains('\0') {
            return Err(RunnerError::NulByte(text.clone()));
        }
    }
    let layers = container.work.layers.iter().rev().map(|layer| layer.contents());
    let work_layers = layers
        .chain([container.work.lower.clone()])
        .map(host_path)
        .collect::<Result<_, _>>()?;
    let shown = container.extra_read_only.iter();
    Ok(Plan {
        rootfs: host_path(container.rootfs.clone())?,
        argv: container.argv.clone(),
        env,
        cwd: container.cwd.clone(),
        work_layers,
        work_upper: upper,
        read_only: shown
            .map(|(from, to)| Ok((host_path(from.clone())?, to.clone())))
            .collect::<Result<_, RunnerError>>()?,
        scratch_bytes: container.limits.scratch_bytes,
        resource_limits: resource_limits(container, group.is_some(), kept),
        group,
        kept,
    })
}

/// The plan's document as the helper reads it, in one line.
pub(crate) fn line_of(plan: &Plan) -> Result<Vec<u8>, RunnerError> {
    let mut line = plan.to_document().to_string().into_bytes();
    line.push(b'\n');
    if line.len() > LONGEST_DOCUMENT {
        return Err(RunnerError::TooLong { bytes: line.len() });
    }
    Ok(line)
}

fn check_limits(container: &Container) -> Result<(), RunnerError> {
    let limits = &container.limits;
    let amounts = [
        ("wall time", u64::from(!limits.wall.is_zero())),
        ("cpu time", u64::from(limits.cpu.is_none_or(|cpu| !cpu.is_zero()))),
        ("memory", limits.memory_bytes),
        ("processes", limits.pids.into()),
        // A tmpfs of size zero has no limit at all.
        ("bytes of /tmp", limits.scratch_bytes),
        ("bytes of /work", container.work.size_limit),
        ("open files", limits.open_files.into()),
        (
            "processors",
            u64::from(limits.cpus.as_ref().is_none_or(|cpus| !cpus.is_empty())),
        ),
    ];
    if let Some((name, _)) = amounts.iter().find(|(_, amount)| *amount == 0) {
        return Err(RunnerError::ZeroLimit(name));
    }
    let writable = limits.scratch_bytes.saturating_add(container.work.size_limit);
    if writable >= limits.memory_bytes {
        return Err(RunnerError::WritableExceedsMemory {
            writable,
            memory: limits.memory_bytes,
        });
    }
    Ok(())
}

fn variable(name: &str, value: &str) -> Result<String, RunnerError> {
    if name.is_empty() || name.contains('=') {
        return Err(RunnerError::UnfitVariable(name.to_owned()));
    }
    Ok(format!("{name}={value}"))
}

fn host_path(path: PathBuf) -> Result<PathBuf, RunnerError> {
    let path = if path.is_absolute() {
        path
    } else {
        std::path::absolute(&path).unwrap_or(path)
    };
    let fit = path.is_absolute() && path.to_str().is_some_and(|text| !text.contains('\0'));
    if fit {
        Ok(path)
    } else {
        Err(RunnerError::UnfitPath(Path::new(&path).to_owned()))
    }
}

fn resource_limits(container: &Container, grouped: bool, kept: Kept) -> Vec<ResourceLimit> {
    let limits = &container.limits;
    // One byte more than fits anywhere: a full place is to be an error of the write, not a signal.
    let largest_file = limits.scratch_bytes.max(container.work.size_limit).saturating_add(1);
    let mut all = vec![
        // Not 0, which a core pattern that is a pipe ignores: a crash would start the host's handler. 1 stops both kinds.
        ("RLIMIT_CORE", Protection::NoCoreFiles, 1),
        ("RLIMIT_FSIZE", Protection::FileLength, largest_file),
        ("RLIMIT_MEMLOCK", Protection::MemoryLimit, LOCKED_BYTES),
        ("RLIMIT_MSGQUEUE", Protection::MemoryLimit, 0),
        ("RLIMIT_NOFILE", Protection::OpenFiles, limits.open_files.into()),
        ("RLIMIT_SIGPENDING", Protection::SharedCounts, PENDING_SIGNALS),
        ("RLIMIT_STACK", Protection::MemoryLimit, STACK_BYTES),
    ];
    if let Some(cpu) = limits.cpu {
        // A net below the group's: one process cannot outlive a runner that looks away.
        all.push(("RLIMIT_CPU", Protection::CpuLimit, cpu.as_secs().saturating_add(2)));
    }
    if !grouped {
        all.push(("RLIMIT_AS", Protection::MemoryLimit, limits.memory_bytes));
        all.push(("RLIMIT_NPROC", Protection::ProcessLimit, limits.pids.into()));
    }
    all.into_iter()
        .map(|(name, behind, value)| ResourceLimit {
            name: name.to_owned(),
            value: if kept.has(behind) { value } else { UNLIMITED },
        })
        .collect()
}
