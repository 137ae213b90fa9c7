//! What is mounted in an enclave, as data, and how.

use crate::configuration::Machine;
use crate::configuration::image::SCRATCH;
use nix::mount::{MsFlags, mount};
use std::io;
use std::path::PathBuf;

/// One file system and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) kind: &'static str,
    pub(super) at: &'static str,
    pub(super) flags: MsFlags,
    pub(super) options: String,
}

/// A file system that could not be mounted.
#[derive(Debug, thiserror::Error)]
#[error("{kind} at {at}: {source}")]
pub(crate) struct MountError {
    pub(super) kind: &'static str,
    pub(super) at: PathBuf,
    pub(super) source: io::Error,
}

/// What an enclave on this machine has mounted, in order. Nothing in it brings programs, devices of its own choice or
/// set-user-id bits in; the scratch alone may execute, because the trees of images lie there.
///
/// There is no securityfs (Landlock and seccomp need none), no debugfs and no mqueue.
pub(super) fn plan(machine: Machine, scratch_percent: u8) -> Vec<Mount> {
    let closed = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let kernel = |kind, at| Mount {
        kind,
        at,
        flags: closed,
        options: String::new(),
    };
    let mut mounts = vec![
        kernel("proc", "/proc"),
        kernel("sysfs", "/sys"),
        Mount {
            kind: "devtmpfs",
            at: "/dev",
            flags: MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC,
            options: "mode=755".to_owned(),
        },
        kernel("cgroup2", "/sys/fs/cgroup"),
        Mount {
            kind: "tmpfs",
            at: SCRATCH,
            flags: MsFlags::MS_NOSUID | MsFlags::MS_NODEV,
            options: format!("mode=755,size={scratch_percent}%"),
        },
    ];
    match machine {
        Machine::Nitro => {}
        // Where TDX and SEV-SNP give their evidence.
        Machine::Vm => mounts.push(kernel("configfs", "/sys/kernel/config")),
    }
    mounts
}

impl Mount {
    pub(super) fn apply(&self) -> Result<(), MountError> {
        let options = Some(self.options.as_str()).filter(|options| !options.is_empty());
        mount(Some(self.kind), self.at, Some(self.kind), self.flags, options).map_err(|errno| MountError {
            kind: self.kind,
            at: self.at.into(),
            source: errno.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_mounted_after_what_it_lies_in() {
        for machine in [Machine::Nitro, Machine::Vm] {
            let plan = plan(machine, 60);
            for (index, mount) in plan.iter().enumerate() {
                let below = |other: &&Mount| mount.at.starts_with(other.at);
                assert!(!plan.iter().skip(index + 1).any(|other| below(&other)), "{mount:?}");
            }
        }
    }

    #[test]
    fn nothing_may_set_user_ids_and_only_the_scratch_may_execute() {
        for mount in plan(Machine::Vm, 60) {
            assert!(mount.flags.contains(MsFlags::MS_NOSUID), "{mount:?}");
            assert_eq!(
                !mount.flags.contains(MsFlags::MS_NOEXEC),
                mount.at == SCRATCH,
                "{mount:?}"
            );
            assert_eq!(
                !mount.flags.contains(MsFlags::MS_NODEV),
                mount.kind == "devtmpfs",
                "{mount:?}"
            );
        }
    }

    #[test]
    fn only_a_virtual_machine_has_the_place_of_evidence() {
        let has = |machine| plan(machine, 60).iter().any(|mount| mount.kind == "configfs");
        assert!(has(Machine::Vm) && !has(Machine::Nitro));
    }

    #[test]
    fn the_scratch_is_bounded_as_the_configuration_says() {
        let plan = plan(Machine::Nitro, 35);
        let scratch = plan.iter().find(|mount| mount.at == SCRATCH).unwrap();
        assert_eq!(scratch.options, "mode=755,size=35%");
    }
}
