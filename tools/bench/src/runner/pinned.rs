//! This program's own work, started on one processor without a container.

use crate::inside::{self, Work};
use crate::stage::Stage;
use nix::errno::Errno;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use std::process::{Command, Stdio};

/// The two processors that a comparison uses: one for what is measured, another for who measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Processors {
    pub(super) measured: u32,
    pub(super) measuring: u32,
}

impl Processors {
    /// The last processor that this process may use, and the one before it; the same one where there is no other.
    pub(super) fn of_this_process() -> Result<Self, Errno> {
        let allowed = sched_getaffinity(Pid::from_raw(0))?;
        let mut last = (0..CpuSet::count())
            .rev()
            .filter(|processor| allowed.is_set(*processor).unwrap_or(false));
        let mut next = || last.next().and_then(|processor| u32::try_from(processor).ok());
        let measured = next().unwrap_or(0);
        Ok(Self {
            measured,
            measuring: next().unwrap_or(measured),
        })
    }

    /// The processor, where there are two: judge and candidate cannot be pinned to one.
    pub(super) fn if_two(self, processor: u32) -> Option<u32> {
        (self.measured != self.measuring).then_some(processor)
    }
}

/// Binds the calling thread, and whatever it starts from now on.
pub(super) fn bind_to(processor: u32) -> Result<(), Errno> {
    let mut set = CpuSet::new();
    set.set(processor as usize)?;
    sched_setaffinity(Pid::from_raw(0), &set)
}

/// A work of this program as a plain process: the image's copy, so that both sides run the same pages.
pub(super) fn bare(stage: &Stage, work: Work, arguments: &[String]) -> Command {
    let mut command = Command::new(stage.path("image/bin/orv-bench"));
    command.arg(inside::ARGUMENT).arg(work.name()).args(arguments);
    command.env_clear().env("PATH", "/bin").stdin(Stdio::null());
    command
}
