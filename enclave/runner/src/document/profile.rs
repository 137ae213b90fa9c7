//! The allow-list of system calls: one table, rendered for the document and compiled for the kernel.
//!
//! An allow-list, because a deny rule is not enough: `socket(40 | 1 << 32)` passes a filter that refuses 40, and the
//! kernel, which reads 32 bits, gives an `AF_VSOCK` socket (container.md 4). Arguments are compared in 32 bits.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};
use serde_json::{Value, json};

use super::allowed::{ALLOWED, Call};
use crate::protection::{Kept, Protection};

/// Every bit of `CLONE_NEW*` that `clone(2)` takes. `CLONE_NEWTIME` lies in the signal byte and is for `clone3` alone.
const NEW_NAMESPACES: u32 =
    0x0002_0000 | 0x0200_0000 | 0x0400_0000 | 0x0800_0000 | 0x1000_0000 | 0x2000_0000 | 0x4000_0000;
const WHOLE: u32 = u32::MAX;
/// Above every number in use.
const NO_CALL: libc::c_long = 600;

/// `argument & mask == value`, in 32 bits, for one of `values`.
struct Argument {
    call: Call,
    index: u8,
    mask: u32,
    values: &'static [u32],
}

const CONDITIONAL: &[Argument] = &[
    Argument {
        call: ("socket", libc::SYS_socket),
        index: 0,
        mask: WHOLE,
        values: &[libc::AF_UNIX as u32],
    },
    Argument {
        call: ("socketpair", libc::SYS_socketpair),
        index: 0,
        mask: WHOLE,
        values: &[libc::AF_UNIX as u32],
    },
    Argument {
        call: ("clone", libc::SYS_clone),
        index: 0,
        mask: NEW_NAMESPACES,
        values: &[0],
    },
    Argument {
        call: ("personality", libc::SYS_personality),
        index: 0,
        mask: WHOLE,
        values: &[0, 0x0004_0000, WHOLE],
    },
    Argument {
        call: ("ioctl", libc::SYS_ioctl),
        index: 1,
        mask: WHOLE,
        values: HARMLESS_REQUESTS,
    },
    Argument {
        call: ("prctl", libc::SYS_prctl),
        index: 0,
        mask: WHOLE,
        values: HARMLESS_OPTIONS,
    },
    Argument {
        call: ("fadvise64", libc::SYS_fadvise64),
        index: 3,
        mask: WHOLE,
        values: HARMLESS_INTENTIONS,
    },
    Argument {
        call: ("madvise", libc::SYS_madvise),
        index: 2,
        mask: WHOLE,
        values: HARMLESS_ADVICE,
    },
];

/// Every `POSIX_FADV_*` but `DONTNEED`: whether a page of the prepared tree is in memory is a bit that outlives a run,
/// where the tree lies on a disk. `mincore` reads such a bit, and nothing that is left writes one.
const HARMLESS_INTENTIONS: &[u32] = &[0, 1, 2, 3, 5];

/// Every `MADV_*` but `COLD`, `PAGEOUT` and `COLLAPSE`, which move pages that other runs read, and `MERGEABLE`, which
/// shares those of other processes. What allocators ask for all the time comes first.
const HARMLESS_ADVICE: &[u32] = &[
    4, 8, 14, 0, 1, 2, 3, 9, 10, 11, 13, 15, 16, 17, 18, 19, 22, 23, 24, 102, 103,
];

/// Reading the pipe that closes at execve, waiting, telling, leaving, and what memory for that takes.
const INIT: &[libc::c_long] = &[
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fstat,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_mmap,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_newfstatat,
    libc::SYS_read,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigreturn,
    libc::SYS_sendto,
    libc::SYS_shutdown,
    libc::SYS_statfs,
    libc::SYS_statx,
    libc::SYS_wait4,
    libc::SYS_write,
];

/// `TCGETS`, `TIOCGWINSZ`, `FIONREAD`, `FIONBIO`, `FIONCLEX`, `FIOCLEX`.
const HARMLESS_REQUESTS: &[u32] = &[0x5401, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451];

/// Death signal, dumpable, name, subreaper, no-new-privileges, huge pages, names of anonymous memory; queries of
/// keep-caps, filters, capabilities and timer slack.
const HARMLESS_OPTIONS: &[u32] = &[1, 2, 3, 4, 7, 15, 16, 21, 23, 30, 36, 37, 38, 39, 41, 42, 0x5356_4d41];

/// The profile as the document carries it.
pub(super) fn to_document() -> Value {
    let names: Vec<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    let mut rules = vec![json!({ "names": names, "action": "SCMP_ACT_ALLOW" })];
    for argument in CONDITIONAL {
        rules.extend(argument.values.iter().map(|value| {
            json!({ "names": [argument.call.0], "action": "SCMP_ACT_ALLOW", "args": [
                { "index": argument.index, "value": argument.mask, "valueTwo": value, "op": "SCMP_CMP_MASKED_EQ" }
            ] })
        }));
    }
    rules.push(json!({ "names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": libc::ENOSYS }));
    json!({ "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": libc::EPERM, "syscalls": rules })
}

/// The compiled programs.
#[derive(Debug, Clone)]
pub(crate) struct Filters {
    /// The command's, in the order in which they are installed. A filter has one answer for what matches, so "`clone3` is
    /// not there", which makes the C library fall back to `clone`, needs a filter of its own.
    pub command: [BpfProgram; 2],
    /// The init's: what it takes to wait for the command and to tell of its end.
    pub init: BpfProgram,
}

impl Filters {
    pub(crate) fn compile(kept: Kept) -> Result<Self, seccompiler::BackendError> {
        Ok(Filters {
            command: command(kept)?,
            init: init()?,
        })
    }
}

fn init() -> Result<BpfProgram, seccompiler::BackendError> {
    let rules = INIT.iter().map(|number| (*number, vec![])).collect();
    let deny = SeccompAction::Errno(libc::EPERM as u32);
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(rules, deny, SeccompAction::Allow, arch)?.try_into()
}

fn command(kept: Kept) -> Result<[BpfProgram; 2], seccompiler::BackendError> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let judged = if kept.has(Protection::CallArguments) {
        libc::SYS_clone3
    } else {
        // A filter must judge something: a number that no call has.
        NO_CALL
    };
    let absent = SeccompFilter::new(
        BTreeMap::from([(judged, vec![])]),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS as u32),
        arch,
    )?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = ALLOWED.iter().map(|(_, number)| (*number, vec![])).collect();
    rules.insert(libc::SYS_clone3, vec![]);
    if !kept.has(Protection::CallList) {
        rules.extend((0..NO_CALL).map(|number| (number, vec![])));
    }
    for argument in CONDITIONAL {
        if !kept.has(argument.behind()) {
            rules.insert(argument.call.1, vec![]);
            continue;
        }
        let alternatives = argument
            .values
            .iter()
            .map(|value| argument.rule(*value))
            .collect::<Result<_, _>>()?;
        rules.insert(argument.call.1, alternatives);
    }
    let allowed = SeccompFilter::new(
        rules,
        SeccompAction::Errno(libc::EPERM as u32),
        SeccompAction::Allow,
        arch,
    )?;
    Ok([absent.try_into()?, allowed.try_into()?])
}

impl Argument {
    fn behind(&self) -> Protection {
        match self.call.1 {
            libc::SYS_socket | libc::SYS_socketpair => Protection::SocketFamilies,
            _ => Protection::CallArguments,
        }
    }

    fn rule(&self, value: u32) -> Result<SeccompRule, seccompiler::BackendError> {
        let operator = SeccompCmpOp::MaskedEq(u64::from(self.mask));
        let condition = SeccompCondition::new(self.index, SeccompCmpArgLen::Dword, operator, u64::from(value))?;
        SeccompRule::new(vec![condition])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_both_allowed_and_conditional() {
        for argument in CONDITIONAL {
            assert!(
                ALLOWED.iter().all(|call| call.1 != argument.call.1),
                "{}",
                argument.call.0
            );
        }
    }

    #[test]
    fn the_calls_that_would_open_the_container_are_not_in_the_list() {
        let shut = [
            "acct",
            "add_key",
            "adjtimex",
            "bpf",
            "chroot",
            "clock_adjtime",
            "clock_settime",
            "clone3",
            "delete_module",
            "fanotify_init",
            "finit_module",
            "fsconfig",
            "fsmount",
            "fsopen",
            "fspick",
            "init_module",
            "io_uring_enter",
            "io_uring_register",
            "io_uring_setup",
            "ioperm",
            "iopl",
            "kcmp",
            "kexec_load",
            "keyctl",
            "lookup_dcookie",
            "memfd_secret",
            "modify_ldt",
            "mount",
            "mount_setattr",
            "move_mount",
            "name_to_handle_at",
            "open_by_handle_at",
            "open_tree",
            "perf_event_open",
            "pidfd_getfd",
            "pivot_root",
            "process_vm_readv",
            "process_vm_writev",
            "process_madvise",
            "ptrace",
            "quotactl",
            "reboot",
            "request_key",
            "setdomainname",
            "sethostname",
            "setns",
            "settimeofday",
            "swapoff",
            "swapon",
            "syslog",
            "umount2",
            "unshare",
            "userfaultfd",
            "vhangup",
            "vmsplice",
        ];
        for name in shut {
            assert!(ALLOWED.iter().all(|call| call.0 != name), "{name}");
        }
    }

    #[test]
    fn every_filter_compiles() {
        let filters = Filters::compile(Kept::default()).expect("compiles");
        assert!(filters.command.iter().all(|program| !program.is_empty()) && !filters.init.is_empty());
    }
}
