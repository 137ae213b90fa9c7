//! The allow-list of system calls: one table, rendered for the document and compiled for the kernel.
//!
//! An allow-list, because a deny rule is not enough: `socket(40 | 1 << 32)` passes a filter that refuses 40, and the
//! kernel, which reads 32 bits, gives an `AF_VSOCK` socket (container.md 4). Arguments are compared in 32 bits.

use std::collections::BTreeMap;

use seccompiler::BpfProgram;
use serde_json::{Value, json};

use super::allowed::{ALLOWED, Call};
use super::search::{self, Answer};
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

/// `AUDIT_ARCH_*` of the machine that this is built for (`linux/audit.h`); a call of any other kills.
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

const REFUSED: Answer = Answer::Fail(libc::EPERM as u16);

/// The compiled programs.
#[derive(Debug, Clone)]
pub(crate) struct Filters {
    /// The command's.
    pub command: BpfProgram,
    /// The init's: what it takes to wait for the command and to tell of its end.
    pub init: BpfProgram,
}

impl Filters {
    pub(crate) fn compile(kept: Kept) -> Self {
        let init = INIT.iter().map(|call| (number(*call), Answer::Allow)).collect();
        Filters {
            command: search::compile(ARCHITECTURE, &answers(kept), &REFUSED),
            init: search::compile(ARCHITECTURE, &init, &REFUSED),
        }
    }
}

/// As the kernel's filters see a call's number.
fn number(call: libc::c_long) -> u32 {
    call as u32
}

/// What the command's filter says of each call that it does not refuse.
fn answers(kept: Kept) -> BTreeMap<u32, Answer> {
    let mut answers: BTreeMap<u32, Answer> = ALLOWED.iter().map(|call| (number(call.1), Answer::Allow)).collect();
    if !kept.has(Protection::CallList) {
        answers.extend((0..number(NO_CALL)).map(|call| (call, Answer::Allow)));
    }
    for argument in CONDITIONAL {
        let answer = match kept.has(argument.behind()) {
            true => argument.answer(),
            false => Answer::Allow,
        };
        answers.insert(number(argument.call.1), answer);
    }
    // "It is not there" makes the C library fall back to `clone`, whose argument a filter can read.
    let clone3 = match kept.has(Protection::CallArguments) {
        true => Answer::Fail(libc::ENOSYS as u16),
        false => Answer::Allow,
    };
    answers.insert(number(libc::SYS_clone3), clone3);
    answers
}

impl Argument {
    fn behind(&self) -> Protection {
        match self.call.1 {
            libc::SYS_socket | libc::SYS_socketpair => Protection::SocketFamilies,
            _ => Protection::CallArguments,
        }
    }

    fn answer(&self) -> Answer {
        Answer::Judge {
            index: self.index,
            mask: self.mask,
            values: self.values.to_vec(),
            error: libc::EPERM as u16,
        }
    }
}

#[cfg(test)]
mod tests {
    use seccompiler::{
        SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
    };

    use super::super::search::machine::run;
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

    /// The two lists that `seccompiler` makes of the same table, walked one after the other.
    fn lists() -> [BpfProgram; 2] {
        let arch = TargetArch::try_from(std::env::consts::ARCH).unwrap();
        let rule = |argument: &Argument, value: u32| {
            let operator = SeccompCmpOp::MaskedEq(u64::from(argument.mask));
            let length = SeccompCmpArgLen::Dword;
            let condition = SeccompCondition::new(argument.index, length, operator, u64::from(value)).unwrap();
            SeccompRule::new(vec![condition]).unwrap()
        };
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> = ALLOWED.iter().map(|call| (call.1, vec![])).collect();
        rules.insert(libc::SYS_clone3, vec![]);
        for argument in CONDITIONAL {
            let alternatives = argument.values.iter().map(|value| rule(argument, *value)).collect();
            rules.insert(argument.call.1, alternatives);
        }
        let filter = |rules, otherwise, found| {
            let filter = SeccompFilter::new(rules, otherwise, found, arch).unwrap();
            BpfProgram::try_from(filter).unwrap()
        };
        let error = |number: i32| SeccompAction::Errno(number as u32);
        [
            filter(
                BTreeMap::from([(libc::SYS_clone3, vec![])]),
                SeccompAction::Allow,
                error(libc::ENOSYS),
            ),
            filter(rules, error(libc::EPERM), SeccompAction::Allow),
        ]
    }

    #[test]
    fn the_search_answers_what_the_lists_of_another_compiler_answer() {
        const ALLOW: u32 = 0x7fff_0000;
        let ([absent, allowed], filters) = (lists(), Filters::compile(Kept::default()));
        let mut arguments: Vec<u64> = (0..64)
            .flat_map(|bit| [1 << bit, (1 << bit) | 1, (1 << bit) - 1])
            .collect();
        for argument in CONDITIONAL {
            let values = argument.values.iter().map(|value| u64::from(*value));
            arguments.extend(values.flat_map(|value| [value, value + 1, value | (1 << 32), value | (1 << 63)]));
        }
        for number in (0..700).chain([0x4000_0000, 0x4000_0001, u32::MAX]) {
            for argument in &arguments {
                let walked = |list: &BpfProgram| run(list, ARCHITECTURE, number, [*argument; 6]);
                let expected = match walked(&absent) {
                    ALLOW => walked(&allowed),
                    refused => refused,
                };
                let found = run(&filters.command, ARCHITECTURE, number, [*argument; 6]);
                assert_eq!(found, expected, "call {number}, argument {argument:#x}");
            }
        }
        for program in [&absent, &filters.command, &filters.init] {
            assert_eq!(
                run(program, ARCHITECTURE ^ 1, 0, [0; 6]),
                0x8000_0000,
                "another architecture"
            );
        }
    }

    #[test]
    fn the_init_may_call_what_its_table_names_and_nothing_else() {
        let filters = Filters::compile(Kept::default());
        for call in 0..700 {
            let allowed = run(&filters.init, ARCHITECTURE, call, [0; 6]) == 0x7fff_0000;
            assert_eq!(allowed, INIT.contains(&libc::c_long::from(call)), "{call}");
        }
    }
}
