//! Runs one command of one bundle in one container and reports what happened.
//!
//! The container is our own: namespaces of every kind, a read-only root, a fresh copy-on-write `/work`, no network, no
//! capability, an allow-list of system calls, Landlock behind them, and a control group with hard limits. It is made by the
//! same executable, started again as a single-threaded helper that receives an OCI runtime-spec document and refuses any it
//! does not implement to the letter (`reference/container.md` 0 and 8). What the payload does is in the [`Report`]; what the
//! machine cannot do is a [`RunnerError`]; nothing is quietly weaker. `ISOLATION.md` has the whole, and what it lacks.
//!
//! A split run (DESIGN 5.6, `SPLIT.md`) joins two containers: the judge asks, the candidate, frozen outside the windows
//! in which it is asked, answers.
//!
//! Needed: root, Linux 5.11 or later with overlayfs and seccomp filters, and all of cpu, cpuset, memory and pids (with
//! version 1 also cpuacct and freezer) in control groups of version 1, or of version 2 on Linux 5.19 or later. The
//! host's root must not be its initramfs.
//!
//! Every protection has a name ([`Protection`]). The feature `weakened`, which is in no default set and in no build but that
//! of the hostile programs' suite, adds `Runner::without`, which leaves out one of them: a suite that cannot fail proves
//! nothing.
//!
//! ```no_run
//! use std::{path::PathBuf, process::ExitCode, time::Duration};
//! use orv_runner::{Channel, Container, Limits, Runner, WorkTree};
//!
//! fn main() -> ExitCode {
//!     if std::env::args().nth(1).as_deref() == Some(orv_runner::HELPER_ARGUMENT) {
//!         return orv_runner::helper_main();
//!     }
//!     let container = Container {
//!         rootfs: PathBuf::from("/run/orv/image"),
//!         work: WorkTree { lower: PathBuf::from("/run/orv/tree"), layers: vec![], size_limit: 64 << 20 },
//!         argv: vec!["/bin/sh".into(), "bench.sh".into()],
//!         env: vec![("PATH".into(), "/bin".into())],
//!         cwd: "/work".into(),
//!         extra_read_only: vec![],
//!         limits: Limits {
//!             wall: Duration::from_secs(60),
//!             cpu: None,
//!             memory_bytes: 512 << 20,
//!             pids: 64,
//!             scratch_bytes: 16 << 20,
//!             output_bytes: 1 << 20,
//!             open_files: 256,
//!             cpus: Some(vec![1]),
//!         },
//!         channel: Channel::None,
//!     };
//!     match Runner::new(PathBuf::from("/run/orv/scratch")).run(&container) {
//!         Ok(report) => println!("{:?} after {:?}", report.exit, report.wall),
//!         Err(error) => eprintln!("{error}"),
//!     }
//!     ExitCode::SUCCESS
//! }
//! ```

mod cgroup;
mod container;
mod document;
mod error;
mod examination;
mod helper;
mod layer;
mod message;
mod protection;
mod report;
mod runner;
mod spawner;
mod split;
mod supervise;
mod syscall;

pub use cgroup::CgroupError;
pub use container::{Channel, Container, FIRST_HOST_ID, FLOOD_FACTOR, Limits, PAYLOAD_HOST_ID, PAYLOAD_ID, WorkTree};
pub use error::RunnerError;
pub use examination::{Examination, Finding, Need};
pub use helper::{HELPER_ARGUMENT, helper_main};
pub use layer::Layer;
pub use message::Step;
pub use protection::{ControlGroups, Protection, Protections, Strength};
pub use report::{CandidateEnd, Captured, Exit, Left, Report, Room, Side, SplitReport, Violation};
pub use runner::{CgroupMode, Runner, Wanted};
pub use split::{RelayLimits, separation};
