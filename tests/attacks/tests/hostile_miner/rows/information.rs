//! What the machine and the runner would rather not tell.

use std::fs::File;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use orv_runner::Protection as P;

use super::row;
use crate::attack::{Attack, Class, judge};
use crate::host::CANARY;
use crate::stage::Project;

const MASKED: &str = "an empty file";

pub const ROWS: &[Attack] = &[
    row(
        "read-the-kernels-command-line",
        Class::Information,
        P::MaskedProc,
        MASKED,
        |stage| stage.words("read /proc/cmdline"),
    ),
    row(
        "read-the-machines-interrupts",
        Class::Information,
        P::MaskedProc,
        MASKED,
        |stage| stage.words("read /proc/interrupts"),
    ),
    row(
        "read-the-machines-disks",
        Class::Information,
        P::MaskedProc,
        MASKED,
        |stage| stage.words("read /proc/diskstats"),
    ),
    row(
        "read-the-machines-soft-interrupts",
        Class::Information,
        P::MaskedProc,
        MASKED,
        |stage| stage.words("read /proc/softirqs"),
    ),
    row(
        "read-the-kernels-symbols",
        Class::Information,
        P::MaskedProc,
        MASKED,
        |stage| stage.words("read /proc/kallsyms"),
    ),
    row(
        "read-the-machines-name",
        Class::Information,
        P::HostName,
        "a name that all containers have",
        |stage| {
            let host = std::fs::read_to_string("/proc/sys/kernel/hostname").map_err(|error| error.to_string())?;
            let trial = stage.trial(&Project::shared("host-name"))?;
            judge(
                trial.describe_said() == format!("got {}", host.trim()),
                trial.describe_said(),
            )
        },
    ),
    row(
        "learn-which-trial-this-is",
        Class::Information,
        P::CgroupNamespace,
        "the root of its own",
        |stage| stage.words("find-in /proc/self/cgroup orv-"),
    ),
    row(
        "use-a-leaked-descriptor",
        Class::Information,
        P::Descriptors,
        "none but the standard ones",
        |stage| {
            let open = File::open(stage.canary()).map_err(|error| error.to_string())?;
            fcntl(&open, FcntlArg::F_SETFD(FdFlag::empty())).map_err(|error| error.to_string())?;
            let trial = stage.trial(&Project::shared("descriptors"))?;
            judge(trial.describe_said().contains(CANARY), trial.describe_said())
        },
    ),
    row(
        "read-the-runners-environment",
        Class::Information,
        P::Environment,
        "not set",
        |stage| {
            let fixed = ["HOME", "PATH", "LANG", "LC_ALL"];
            let mut own = std::env::vars().filter(|(name, value)| !fixed.contains(&name.as_str()) && !value.is_empty());
            let (name, value) = own.next().ok_or("this process has no environment")?;
            let first_line = value.lines().next().unwrap_or_default();
            let trial = stage.trial(&Project::shared(format!("environment {name}")))?;
            judge(
                trial.describe_said() == format!("got {first_line}"),
                trial.describe_said(),
            )
        },
    ),
];
