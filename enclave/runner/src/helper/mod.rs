//! The helper: the same executable, started again as `container-run`, with one thread and none of the caller's memory.
//!
//! The executable that is started is the spawner: it stays as long as the runner, and forks a helper for each container.
//! The helper receives the document on a socket of its own, with the descriptors for the command. It makes the container
//! and stays beside it, outside, to kill it when the runner says so or is gone:
//!
//! ```text
//! runner ── spawner ── helper (host root) ── init (pid 1, id 0 of the container) ── the command (pid 2, id 1000)
//! ```

mod counts;
mod error;
mod filesystem;
mod init;
mod landlock;
mod link;
mod payload;
mod privileges;
mod room;
mod spawner;
mod work;

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid};

use crate::cgroup::{CgroupError, GroupName, Hierarchy};
use crate::document::profile::Filters;
use crate::document::{MAPPED_IDS, Plan};
use crate::message::{LONGEST_END, Message, Step};
use crate::protection::{Kept, Protection};
use crate::syscall;
pub(crate) use landlock::FIRST_VERSION as FIRST_LANDLOCK_VERSION;
pub(crate) use work::{make_directories, tmpfs_options};

use error::{At, SetupError};
use link::{Link, Order};

/// First line of the command of the helper: `PROGRAM container-run`.
pub const HELPER_ARGUMENT: &str = "container-run";

/// Runs the spawner and its helpers; a program calls this first thing in `main` when its first argument is
/// [`HELPER_ARGUMENT`], before any thread and before any secret, and ends with the answer.
#[must_use]
pub fn helper_main() -> ExitCode {
    // Whatever the caller leaked into us would otherwise live as long as the container.
    if !keeps_descriptors() && syscall::close_from(3).is_err() {
        return ExitCode::FAILURE;
    }
    spawner::serve()
}

/// Second argument of a weakened build's helper that is to pass on what its caller leaked into it.
pub(crate) const LEAK_ARGUMENT: &str = "leak-descriptors";

fn keeps_descriptors() -> bool {
    cfg!(feature = "weakened") && std::env::args().nth(2).as_deref() == Some(LEAK_ARGUMENT)
}

/// What a container is made from.
struct Inputs {
    plan: Plan,
    stdout: OwnedFd,
    stderr: OwnedFd,
    channel: Vec<OwnedFd>,
    filters: Filters,
}

impl Inputs {
    fn receive(link: &Link, filters: &Filters) -> Result<Self, SetupError> {
        let (document, descriptors) = link.receive()?;
        let plan = Plan::from_document(&document).map_err(|error| SetupError::Refused(error.to_string()))?;
        let mut descriptors = descriptors.into_iter();
        let (Some(stdout), Some(stderr)) = (descriptors.next(), descriptors.next()) else {
            return Err(SetupError::Refused(
                "no descriptors for standard output and error came along".to_owned(),
            ));
        };
        let filters = if plan.kept == Kept::default() {
            filters.clone()
        } else {
            Filters::compile(plan.kept)
        };
        Ok(Inputs {
            plan,
            stdout,
            stderr,
            channel: descriptors.collect(),
            filters,
        })
    }
}

/// The control group that the container is to be in, if any.
struct Membership(Option<(Hierarchy, GroupName)>);

impl Membership {
    fn of(plan: &Plan) -> Result<Self, SetupError> {
        let found = |group: &GroupName| Ok((Hierarchy::detect()?, group.clone()));
        let found: Result<_, CgroupError> = plan.group.as_ref().map(found).transpose();
        found.map(Membership).map_err(Membership::error)
    }

    /// The helper's part.
    fn fork(&self) -> Result<ForkResult, SetupError> {
        match &self.0 {
            Some((hierarchy, group)) => hierarchy.fork_into(group).map_err(Membership::error),
            None => syscall::fork().at(Step::Process),
        }
    }

    /// The init's part.
    fn enter(&self) -> Result<(), SetupError> {
        let Some((hierarchy, group)) = &self.0 else {
            return Ok(());
        };
        hierarchy.enter(group).map_err(Membership::error)
    }

    fn error(error: CgroupError) -> SetupError {
        SetupError::other(Step::ControlGroup, error)
    }
}

fn supervise(link: &Link, filters: &Filters) -> Result<(), SetupError> {
    syscall::restore_default_child_signal().at(Step::Process)?;
    prctl::set_pdeathsig(Signal::SIGKILL).at(Step::Process)?;
    let inputs = Inputs::receive(link, filters)?;
    let kept = inputs.plan.kept;
    let group = Membership::of(&inputs.plan)?;
    let (ours, theirs) = UnixStream::pair().map_err(|error| SetupError::other(Step::Process, error))?;
    if kept.has(Protection::PidNamespace) {
        unshare(CloneFlags::CLONE_NEWPID).at(Step::Namespaces)?;
    }
    let init = match group.fork()? {
        ForkResult::Child => {
            drop(ours);
            init::run(inputs, &group, link, theirs)
        }
        ForkResult::Parent { child } => child,
    };
    // The command's descriptors must be nobody's but its own, or nobody would see it close them.
    drop((inputs, theirs));
    let made = accompany(link, &ours, init, kept);
    if made.is_ok() && !kept.has(Protection::KillTree) {
        return made;
    }
    if made.is_err() {
        let _ = kill(init, Signal::SIGKILL);
    }
    // The kernel lets go of pid 1 only when its whole namespace is dead.
    waitpid(init, None).at(Step::Process)?;
    made
}

/// Hands the init through its gates, then waits for its end or for the order to bring it about.
fn accompany(link: &Link, init_gate: &UnixStream, init: Pid, kept: Kept) -> Result<(), SetupError> {
    let gate = init::Gate::new(init_gate);
    if gate.wait().is_err() {
        // It has reported its failure itself and is on its way out.
        return Ok(());
    }
    let map = format!("0 {} {MAPPED_IDS}", kept.first_host_id());
    for file in ["uid_map", "gid_map"] {
        fs::write(format!("/proc/{init}/{file}"), &map).map_err(|error| SetupError::other(Step::IdentityMap, error))?;
    }
    gate.open()?;
    let ended = syscall::open_process(init).at(Step::Process)?;
    loop {
        let mut watched = [
            PollFd::new(ended.as_fd(), PollFlags::POLLIN),
            PollFd::new(link.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut watched, PollTimeout::NONE) {
            Err(nix::errno::Errno::EINTR) => continue,
            answer => answer.at(Step::Process)?,
        };
        let [ended_now, order_now] = watched.map(|descriptor| descriptor.any().unwrap_or(true));
        if ended_now {
            return Ok(());
        }
        if order_now {
            match link.order() {
                // Once the init is dead nobody is behind the gate; the next turn sees that.
                Order::Go => drop(gate.open()),
                Order::Look => match room::of_living(init, kept) {
                    Ok(room) => link.send(&Message::Left { room }),
                    Err(error) if !ends_soon(&ended) => link.send(&error.message()),
                    // Its places went with it, and its own last word tells of them.
                    Err(_) => return Ok(()),
                },
                Order::Kill if !kept.has(Protection::KillTree) => return Ok(()),
                Order::Kill => return kill(init, Signal::SIGKILL).at(Step::Process),
            }
        }
    }
}

/// Whether a process that seems to be on its way out is.
fn ends_soon(process: &OwnedFd) -> bool {
    let mut watched = [PollFd::new(process.as_fd(), PollFlags::POLLIN)];
    let at_most = PollTimeout::try_from(LONGEST_END).unwrap_or(PollTimeout::MAX);
    matches!(poll(&mut watched, at_most), Ok(1))
}
