//! The entry points.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use crate::cgroup::{GroupName, Hierarchy};
use crate::container::{Channel, Container};
use crate::document::{Plan, Upper};
use crate::error::RunnerError;
use crate::examination::{Examination, facts};
use crate::layer::Layer;
use crate::protection::{ControlGroups, Kept, Protections, Strength};
use crate::report::{Report, SplitReport};
use crate::spawner;
use crate::split::{self, RelayLimits};
use crate::supervise::{Stop, Supervised, TICK, compose, line_of};

/// What to do where a limit cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CgroupMode {
    /// Refuse to run: the verifier's way.
    Required,
    /// Run with limits per process only, and say so in the report's protections: for a miner's machine, never for a
    /// verdict. Split runs are refused all the same, for there is nothing to freeze with.
    Weaker,
}

/// Whether somebody still waits for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Somebody does.
    Still,
    /// Nobody does.
    NoMore,
}

/// Runs containers. Keeps nothing between runs but the process they are forked from, which its clones share; several may
/// run at one time, on threads of the caller's.
#[derive(Debug, Clone)]
pub struct Runner {
    /// The program that calls [`crate::helper_main`] when its first argument is `container-run`.
    pub helper: PathBuf,
    /// Directory for the layers of set-up runs. Single runs leave nothing anywhere.
    pub scratch: PathBuf,
    /// What to do where a limit cannot be set.
    pub cgroups: CgroupMode,
    pub(crate) kept: Kept,
    pub(crate) spawner: spawner::Place,
}

impl Runner {
    /// A runner whose helper is the running executable, and which insists on its limits.
    #[must_use]
    pub fn new(scratch: PathBuf) -> Self {
        Runner {
            helper: PathBuf::from("/proc/self/exe"),
            scratch,
            cgroups: CgroupMode::Required,
            kept: Kept::default(),
            spawner: spawner::Place::default(),
        }
    }

    /// The same runner without one protection: for the suite of hostile programs alone.
    #[cfg(feature = "weakened")]
    #[must_use]
    pub fn without(self, protection: crate::Protection) -> Self {
        Runner {
            kept: Kept::all_but(protection),
            spawner: spawner::Place::default(),
            ..self
        }
    }

    /// Starts the process that every container is forked from ([`Runner::helper`]), which the first run does otherwise.
    /// A program with something to hide does it before it has a thread or a secret, though neither would reach that
    /// process: it is an executable of its own from its first instruction, and a fork of nobody.
    ///
    /// # Errors
    /// [`RunnerError::Helper`] when the program cannot be executed.
    pub fn start_spawner(&self) -> Result<(), RunnerError> {
        spawner::start(&self.spawner, &self.helper, self.kept)
    }

    /// Runs one container to its end.
    ///
    /// # Errors
    /// [`RunnerError`] when it could not be run as asked; never for anything the command does.
    pub fn run(&self, container: &Container) -> Result<Report, RunnerError> {
        self.run_over(container, Upper::Fresh(container.work.size_limit), || Wanted::Still)
    }

    /// Runs one container like [`Runner::run`], and keeps what it wrote beneath `/work` as a layer for later runs.
    ///
    /// # Errors
    /// As [`Runner::run`]; also when the layer cannot be made in the scratch directory.
    pub fn run_setup(&self, container: &Container) -> Result<(Report, Layer), RunnerError> {
        self.run_setup_while(container, || Wanted::Still)
    }

    /// The same for as long as it is wanted, which is asked twenty times a second: a run that is wanted no more ends
    /// with [`crate::Exit::Stopped`], if it has not ended before.
    ///
    /// # Errors
    /// As [`Runner::run_setup`].
    pub fn run_setup_while(
        &self,
        container: &Container,
        wanted: impl FnMut() -> Wanted,
    ) -> Result<(Report, Layer), RunnerError> {
        let layer = Layer::new(&self.scratch, container.work.size_limit, self.kept)?;
        let report = self.run_over(container, Upper::Kept(layer.directory().to_owned()), wanted)?;
        Ok((report, layer))
    }

    /// Runs a judge and a candidate, joined by the relay (DESIGN 5.6; `SPLIT.md`).
    ///
    /// # Errors
    /// As [`Runner::run`]; also when the two would share a processor, bring channels of their own, or cannot be frozen.
    pub fn run_split(
        &self,
        judge: &Container,
        candidate: &Container,
        relay: &RelayLimits,
    ) -> Result<SplitReport, RunnerError> {
        split::run(self, judge, candidate, relay)
    }

    /// What would protect a run on this machine, pinning asked for; nothing is run.
    ///
    /// # Errors
    /// [`RunnerError::Cgroup`] where limits cannot be set and [`CgroupMode::Required`] insists on them.
    pub fn protections(&self) -> Result<Protections, RunnerError> {
        let groups = match (Hierarchy::detect(), self.cgroups) {
            (Ok(Hierarchy::V1(_)), _) => ControlGroups::V1,
            (Ok(Hierarchy::V2(_)), _) => ControlGroups::V2,
            (Err(_), CgroupMode::Weaker) => ControlGroups::None,
            (Err(error), CgroupMode::Required) => return Err(error.into()),
        };
        let found = |there| if there { Strength::Enforced } else { Strength::Absent };
        Ok(Protections {
            isolation: found(kernel_can_isolate()),
            system_calls: found(crate::syscall::has_seccomp_filter()),
            ..Protections::of(groups, Strength::Enforced)
        })
    }

    /// The OCI runtime-spec document of a run whose writes beneath `/work` go to the directories `upper` and `work` in
    /// `layer`: what the helper would be given, without a control group. Another runtime can be asked to do the same.
    ///
    /// # Errors
    /// [`RunnerError`] when the container asks for what cannot be.
    pub fn document(&self, container: &Container, layer: &Path) -> Result<String, RunnerError> {
        // With a group the process has no limits of its own in its stead.
        let group = Some(GroupName::own(0)?);
        let plan = compose(container, Upper::Kept(layer.to_owned()), group, self.kept)?;
        Ok(Plan { group: None, ..plan }.to_document().to_string())
    }

    /// Whether a container could be run at all, on any machine: what [`Runner::run`] would refuse whatever happens.
    ///
    /// # Errors
    /// [`RunnerError`], and never the machine's fault: it is what was asked for.
    pub fn check(&self, container: &Container) -> Result<(), RunnerError> {
        let upper = Upper::Fresh(container.work.size_limit);
        line_of(&compose(container, upper, None, self.kept)?).map(drop)
    }

    /// Looks at all that a run needs on this machine, and makes one container to prove it. Leaves nothing.
    #[must_use]
    pub fn examine(&self) -> Examination {
        Examination::of(self)
    }

    fn run_over(
        &self,
        container: &Container,
        upper: Upper,
        mut wanted: impl FnMut() -> Wanted,
    ) -> Result<Report, RunnerError> {
        let channel: Vec<BorrowedFd<'_>> = match &container.channel {
            Channel::None => vec![],
            Channel::Descriptors(descriptors) => descriptors.iter().map(AsFd::as_fd).collect(),
        };
        let mut run = Supervised::start(self, container, upper, &channel)?;
        run.await_ready()?;
        run.go()?;
        run.begin_deadline();
        while !run.is_over() {
            if wanted() == Wanted::NoMore {
                run.stop(Stop::Unwanted)?;
            }
            run.serve_until(TICK)?;
        }
        run.finish()
    }
}

/// Namespaces of every kind, and overlays.
fn kernel_can_isolate() -> bool {
    facts::missing_namespaces().is_empty() && facts::has_file_system("overlay") && facts::may_make_user_namespaces()
}
