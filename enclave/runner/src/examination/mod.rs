//! What this machine has for running containers, and what would have to be done for the rest: `orv doctor`.

pub(crate) mod facts;
mod trial_run;

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::cgroup::Hierarchy;
use crate::protection::Strength;
use crate::runner::{CgroupMode, Runner};
use crate::split::separation;
use crate::syscall::{self, landlock};

/// What a run is without, where something is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Every run: without it the runner refuses.
    Run,
    /// Limits for a container as a whole, where the weaker ones for each process are accepted.
    Limits,
    /// Split runs, or their fairness: the two sides apart.
    Split,
    /// Times that can be believed.
    Timing,
    /// Nothing: it is a second line.
    Depth,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its name in kebab-case.
    pub name: &'static str,
    /// Whether it is there.
    pub strength: Strength,
    /// What it is for.
    pub need: Need,
    /// What was found, in words.
    pub found: String,
    /// What to do where it is not wholly there.
    pub remedy: Option<&'static str>,
}

/// Everything that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Examination {
    /// One after the other.
    pub findings: Vec<Finding>,
    /// The kernel's release, such as `6.1.0`.
    pub kernel: String,
    /// Directory whose room was looked at.
    #[serde(serialize_with = "as_text")]
    pub scratch: PathBuf,
}

impl Examination {
    /// Whether a run would be refused.
    #[must_use]
    pub fn refuses(&self) -> bool {
        let absent = |finding: &&Finding| finding.need == Need::Run && finding.strength == Strength::Absent;
        self.findings.iter().any(|finding| absent(&finding))
    }

    pub(crate) fn of(runner: &Runner) -> Self {
        let mut findings = vec![
            root(),
            kernel(),
            control_groups(runner.cgroups),
            namespaces(),
            user_namespaces(),
            overlay(),
            system_call_filter(),
            swap(),
            scratch(&runner.scratch),
            second_line(),
            cores(),
            clock(),
        ];
        // Last, for it needs all the others: the one proof that they suffice.
        findings.push(trial_run::finding(runner));
        Examination {
            findings,
            kernel: facts::kernel_release(),
            scratch: runner.scratch.clone(),
        }
    }
}

fn as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// Something that is there or not.
fn finding(name: &'static str, need: Need, there: bool, found: String, remedy: &'static str) -> Finding {
    let strength = if there { Strength::Enforced } else { Strength::Absent };
    graded(name, need, strength, found, remedy)
}

fn graded(name: &'static str, need: Need, strength: Strength, found: String, remedy: &'static str) -> Finding {
    Finding {
        name,
        strength,
        need,
        found,
        remedy: (strength != Strength::Enforced).then_some(remedy),
    }
}

fn root() -> Finding {
    let user = nix::unistd::geteuid();
    let remedy = "run as root, for instance with sudo: mounts and control groups are root's";
    finding("root", Need::Run, user.is_root(), format!("user {user}"), remedy)
}

fn kernel() -> Finding {
    let release = facts::kernel_release();
    let new_enough = facts::version(&release).is_some_and(|version| version >= (5, 11));
    let remedy = "boot Linux 5.11 or later, 5.19 with control groups of version 2";
    finding("kernel", Need::Run, new_enough, format!("Linux {release}"), remedy)
}

fn control_groups(mode: CgroupMode) -> Finding {
    let need = match mode {
        CgroupMode::Required => Need::Run,
        CgroupMode::Weaker => Need::Limits,
    };
    let remedy = "mount control groups with cpu, cpuset, memory and pids (version 1: cpuacct and freezer too), or give --weaker-limits, which every receipt records";
    let (there, found) = match Hierarchy::detect() {
        Ok(found) if !found.is_writable() => (false, "there, but this user may not make any".to_owned()),
        Ok(Hierarchy::V1(_)) => (true, "version 1, every controller".to_owned()),
        Ok(Hierarchy::V2(at)) => (true, format!("version 2 at {}", at.display())),
        Err(error) => (false, error.to_string()),
    };
    finding("control-groups", need, there, found, remedy)
}

fn namespaces() -> Finding {
    let missing = facts::missing_namespaces();
    let found = if missing.is_empty() {
        "cgroup, ipc, mnt, net, pid, user, uts".to_owned()
    } else {
        format!("without {}", missing.join(", "))
    };
    let remedy = "boot a kernel with every kind of namespace";
    finding("namespaces", Need::Run, missing.is_empty(), found, remedy)
}

fn user_namespaces() -> Finding {
    let most = facts::line("/proc/sys/user/max_user_namespaces").unwrap_or_else(|| "unknown".to_owned());
    let remedy = "sysctl user.max_user_namespaces=1024";
    let there = facts::may_make_user_namespaces();
    finding("user-namespaces", Need::Run, there, format!("at most {most}"), remedy)
}

fn overlay() -> Finding {
    let there = facts::has_file_system("overlay");
    let found = if there {
        "in the kernel"
    } else {
        "not in /proc/filesystems"
    };
    finding("overlayfs", Need::Run, there, found.to_owned(), "modprobe overlay")
}

fn system_call_filter() -> Finding {
    let there = syscall::has_seccomp_filter();
    let found = if there {
        "filters, with an error as their answer"
    } else {
        "no filters"
    };
    let remedy = "boot a kernel with CONFIG_SECCOMP_FILTER";
    finding("seccomp", Need::Run, there, found.to_owned(), remedy)
}

fn swap() -> Finding {
    let swaps = facts::swaps();
    let (strength, found) = match swaps {
        Some(0) => (Strength::Enforced, "none".to_owned()),
        Some(number) => (Strength::Weaker, format!("{number} in use")),
        None => (Strength::Enforced, "the kernel has none".to_owned()),
    };
    let remedy = "swapoff -a: a run that pages measures the disk, and where swap cannot be limited it is refused";
    graded("no-swap", Need::Timing, strength, found, remedy)
}

/// Room for an image, a tree and a job beside them.
const ENOUGH_SCRATCH: u64 = 2 << 30;

fn scratch(directory: &Path) -> Finding {
    let remedy = "give a scratch directory with 2 GiB free and inodes left";
    match facts::room(directory) {
        Some((bytes, files)) => {
            let strength = if bytes >= ENOUGH_SCRATCH && files != Some(0) {
                Strength::Enforced
            } else {
                Strength::Weaker
            };
            let files = files.map_or_else(String::new, |files| format!(", {files} inodes"));
            let found = format!("{} MiB free{files} in {}", bytes >> 20, directory.display());
            graded("scratch", Need::Run, strength, found, remedy)
        }
        None => finding(
            "scratch",
            Need::Run,
            false,
            format!("no {}", directory.display()),
            remedy,
        ),
    }
}

fn second_line() -> Finding {
    let strength = crate::protection::second_line(landlock::version());
    let found = match landlock::version() {
        Some(version) => format!("version {version} of the interface"),
        None => "not in the kernel, or not among its active modules".to_owned(),
    };
    let remedy = "boot with CONFIG_SECURITY_LANDLOCK and lsm=landlock,...; version 6 is in Linux 6.12";
    graded("landlock", Need::Depth, strength, found, remedy)
}

fn cores() -> Finding {
    let processors = facts::allowed_processors();
    let remedy = "give the machine two cores whose threads are not shared, or switch simultaneous multithreading off";
    // The first against every other: whether some second one is apart.
    let apart = processors.iter().skip(1).map(|other| {
        let first = processors.first().copied().unwrap_or_default();
        separation(Some(&[first]), Some(&[*other])).unwrap_or(Strength::Absent)
    });
    let best = apart.fold(Strength::Absent, |best, next| match (best, next) {
        (Strength::Enforced, _) | (_, Strength::Enforced) => Strength::Enforced,
        (Strength::Weaker, _) | (_, Strength::Weaker) => Strength::Weaker,
        _ => Strength::Absent,
    });
    let found = format!(
        "{} processors, {}",
        processors.len(),
        match best {
            Strength::Enforced => "two of them on cores of their own",
            Strength::Weaker => "all threads of one core, or nobody knows",
            Strength::Absent => "too few for two sides",
        }
    );
    graded("cores", Need::Split, best, found, remedy)
}

fn clock() -> Finding {
    let remedy = "let the machine keep time by its own counter (kernel parameter clocksource=tsc): others are read through the host";
    let source = facts::line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    let strength = match source.as_deref() {
        Some("tsc" | "arch_sys_counter") => Strength::Enforced,
        Some(_) => Strength::Weaker,
        None => Strength::Absent,
    };
    let found = source.unwrap_or_else(|| "the kernel does not say".to_owned());
    graded("clock-source", Need::Timing, strength, found, remedy)
}
