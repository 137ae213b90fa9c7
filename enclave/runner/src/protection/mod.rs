//! What stands between the payload and the machine, one by one, and how far it holds.

mod kept;
mod strength;

pub(crate) use kept::Kept;
pub(crate) use strength::second_line;
pub use strength::{ControlGroups, Protections, Strength};

macro_rules! protections {
    ($($(#[doc = $doc:literal])+ $variant:ident => $name:literal,)+) => {
        /// One protection that every run has.
        ///
        /// Each alone stops something that no other does: the suite of hostile programs leaves them out one at a time, in
        /// a build with the feature `weakened`, and must see each missing one. Where a second line stands behind the
        /// first, both are one protection here and go together.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Protection {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Protection {
            /// Every one, in the order of the list above.
            #[must_use]
            pub const fn all() -> &'static [Protection] {
                &[$(Protection::$variant),+]
            }

            /// Its name in lists and reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Protection::$variant => $name,)+
                }
            }
        }
    };
}

protections! {
    /// The host's root is detached after the change of root. Without it, it is at `/host`.
    DetachedRoot => "detached-root",
    /// The container's ids are mapped to ids that no host user has. Without it they are the host's of the same numbers:
    /// what user 1000 of the host may read, the payload reads.
    HostIds => "host-ids",
    /// A process table of its own. Without it every process of the machine is seen, and signalled where ids permit.
    PidNamespace => "pid-namespace",
    /// A network of its own without any interface but loopback, with the scope of abstract sockets that Landlock gives
    /// behind it. Without it the host's abstract sockets and `/proc/net` are there.
    NetworkNamespace => "network-namespace",
    /// Shared memory, semaphores and queues of its own. Without it those of System V stay behind for the next run.
    IpcNamespace => "ipc-namespace",
    /// A host name of its own. Without it the machine's is seen.
    HostName => "host-name",
    /// A control group root of its own. Without it `/proc/self/cgroup` tells the runner's process id and how many runs
    /// there have been.
    CgroupNamespace => "cgroup-namespace",
    /// The image and the host's further directories are read-only, by mount and by Landlock. Without it whatever has a
    /// mode that permits it is written, the further directories for good.
    ReadOnlyRoot => "read-only-root",
    /// `/work` is a fresh layer over the prepared tree. Without it the tree itself is written, and the next run sees it.
    FreshTree => "fresh-tree",
    /// `/tmp` is the run's own. Without it, it is the host's.
    PrivateTemporary => "private-temporary",
    /// What `/proc` tells of the machine is hidden, and what is left of it read-only. Without it the kernel's command
    /// line and counters are read.
    MaskedProc => "masked-proc",
    /// `/dev` has five harmless devices. Without it, it is the host's.
    DeviceSet => "device-set",
    /// A device file in the image or in a further directory does not open. Without it, it is the device.
    NoDeviceFiles => "no-device-files",
    /// No capability. Without it the payload has all those of its user namespace, `setuid` to its id 0 among them.
    NoCapabilities => "no-capabilities",
    /// A program gains nothing by set-user-id: no-new-privileges, and behind it `nosuid` on every mount. Without it a
    /// file of the container's id 0 with that bit makes its caller id 0.
    NoNewPrivileges => "no-new-privileges",
    /// The allow-list of system calls. Without it every call is made that is not judged by its arguments.
    CallList => "call-list",
    /// `socket` and `socketpair` for `AF_UNIX` alone. Without it every family opens, vsock among them.
    SocketFamilies => "socket-families",
    /// The rules on arguments of `clone`, `clone3`, `ioctl`, `prctl`, `personality`, `fadvise64` and `madvise`. Without it
    /// a process makes new namespaces, and leaves bits in the page cache for the next run.
    CallArguments => "call-arguments",
    /// What Landlock alone stops: writing in `/proc`, another process's memory among it, and running what is not in the
    /// container's tree, the helper's own executable. Where the kernel has none, this is missing in every run.
    Landlock => "landlock",
    /// The memory limit, without swap beside it.
    MemoryLimit => "memory-limit",
    /// One process killed for want of memory ends the run, whatever its parent says of it.
    OutOfMemoryEndsRun => "out-of-memory-ends-run",
    /// The limit of processes and threads.
    ProcessLimit => "process-limit",
    /// The CPU time limit.
    CpuLimit => "cpu-limit",
    /// The wall time limit.
    WallLimit => "wall-limit",
    /// The size of `/work` and `/tmp`.
    WritableBytes => "writable-bytes",
    /// How many files fit in `/work` and `/tmp`.
    WritableFiles => "writable-files",
    /// What the kernel counts for the machine's root too is bounded: queued signals and timers, watchers of files and what
    /// they watch. Without it a container uses them up, for the machine and for the container beside it.
    SharedCounts => "shared-counts",
    /// The length of one file: a sparse one takes no room.
    FileLength => "file-length",
    /// Open descriptors of one process.
    OpenFiles => "open-files",
    /// Output is kept to its cap, and a flood ends the run. Without it all of it is kept.
    OutputLimit => "output-limit",
    /// Descriptors of the caller's that were left open do not reach the command.
    Descriptors => "descriptors",
    /// The caller's environment does not reach the command.
    Environment => "environment",
    /// A crash leaves no memory image.
    NoCoreFiles => "no-core-files",
    /// Whatever the command left running dies with it, and before the report.
    KillTree => "kill-tree",
    /// The container stays on the processors it was given.
    Pinning => "pinning",
    /// Split runs: no processor is both sides'. Without it such a run is not refused.
    DisjointProcessors => "disjoint-processors",
    /// Split runs: the candidate is frozen outside its windows.
    Freezing => "freezing",
    /// Split runs: bytes ahead of a request, or beyond one line, void the trial. Without it they answer the next one.
    EarlyAnswer => "early-answer",
    /// Split runs: a line longer than the limit voids the trial.
    LineLength => "line-length",
    /// Split runs: a window longer than the limit voids the trial.
    WindowLimit => "window-limit",
    /// Split runs: the judge's directories are the judge's alone. Without it the candidate has them too.
    JudgeFiles => "judge-files",
    /// Split runs: descriptor 4, for the metric, is the judge's alone. Without it the candidate has it too.
    MetricDescriptor => "metric-descriptor",
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_protection_has_a_name_of_its_own_in_kebab_case() {
        let names: BTreeSet<_> = Protection::all().iter().map(|protection| protection.name()).collect();
        assert_eq!(names.len(), Protection::all().len());
        for name in names {
            assert!(
                name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-') && !name.is_empty(),
                "{name}"
            );
        }
    }
}
