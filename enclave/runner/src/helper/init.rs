//! Process 1 of the container: makes it from inside, starts the command as process 2, reaps, and reports.
//!
//! The command is not process 1 itself because signals it sends to itself, `abort` among them, would have no effect
//! there (container.md 4). When the init ends, the kernel kills whatever the command left running.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, umask};
use nix::sys::wait::{WaitStatus, wait};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{ForkResult, Pid, sethostname};

use super::counts::Counts;
use super::error::{At, SetupError};
use super::link::Link;
use super::{Inputs, Membership, filesystem, payload, privileges, room};
use crate::document::HOST_NAME;
use crate::message::{Message, Status, Step};
use crate::protection::{Kept, Protection};
use crate::syscall;

/// One end of the socket between helper and init: each side goes on when the other has opened the gate.
pub(super) struct Gate<'a>(&'a UnixStream);

impl<'a> Gate<'a> {
    pub(super) fn new(socket: &'a UnixStream) -> Self {
        Gate(socket)
    }

    pub(super) fn open(&self) -> Result<(), SetupError> {
        let mut socket = self.0;
        socket.write_all(b"g").at(Step::Process)
    }

    pub(super) fn wait(&self) -> Result<(), SetupError> {
        let mut socket = self.0;
        socket.read_exact(&mut [0u8; 1]).at(Step::Process)
    }
}

/// Never returns: its caller is the helper's copy after a fork.
pub(super) fn run(inputs: Inputs, group: &Membership, link: &Link, gate: UnixStream) -> ! {
    match live(inputs, group, link, &Gate(&gate)) {
        Ok(()) => syscall::exit_now(0),
        Err(error) => {
            link.send(&error.message());
            syscall::exit_now(1)
        }
    }
}

fn live(inputs: Inputs, group: &Membership, link: &Link, gate: &Gate<'_>) -> Result<(), SetupError> {
    die_with_the_helper(inputs.plan.kept)?;
    group.enter()?;
    // The caller's own would decide who may enter the directories that are made here.
    umask(Mode::from_bits_truncate(0o022));
    enter_namespaces(&inputs, gate)?;
    link.send(&Message::Ready);
    // Until the runner says go; when it or the helper is gone, this fails and so do we.
    gate.wait()?;
    let started = now()?;
    let (command, verdict) = start(&inputs)?;
    let (filters, kept) = (inputs.filters.clone(), inputs.plan.kept);
    // The command alone holds its output and its channel from here.
    drop(inputs);
    privileges::restrict(&filters.init)?;
    payload::executed(verdict)?;
    let status = reap(command)?;
    let wall = now()?.saturating_sub(started);
    let wall_nanoseconds = u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX);
    link.send(&Message::Ended {
        status,
        wall_nanoseconds,
        room: room::of_command(kept),
    });
    if !kept.has(Protection::KillTree) {
        link.hang_up();
        // As process 1 it would take the others with it.
        while wait() != Err(Errno::ECHILD) {}
    }
    Ok(())
}

fn die_with_the_helper(kept: Kept) -> Result<(), SetupError> {
    if kept.has(Protection::KillTree) {
        prctl::set_pdeathsig(Signal::SIGKILL).at(Step::Process)?;
    }
    Ok(())
}

/// The mount, network, host-name and message namespaces belong to the host's user namespace: the container's own, which
/// comes last, has no power over them, not even for its id 0.
fn enter_namespaces(inputs: &Inputs, gate: &Gate<'_>) -> Result<(), SetupError> {
    let kept = inputs.plan.kept;
    let outer = [
        (CloneFlags::CLONE_NEWNET, Protection::NetworkNamespace),
        (CloneFlags::CLONE_NEWIPC, Protection::IpcNamespace),
        (CloneFlags::CLONE_NEWUTS, Protection::HostName),
        // Our control group, which we are in, becomes the root of what the command sees.
        (CloneFlags::CLONE_NEWCGROUP, Protection::CgroupNamespace),
    ];
    let outer = outer.into_iter().filter(|(_, behind)| kept.has(*behind));
    unshare(outer.fold(CloneFlags::CLONE_NEWNS, |all, (kind, _)| all | kind)).at(Step::Namespaces)?;
    if kept.has(Protection::HostName) {
        sethostname(HOST_NAME).at(Step::Namespaces)?;
        syscall::set_domain_name("(none)").at(Step::Namespaces)?;
    }
    let counts = Counts::open(kept)?;
    filesystem::build(&inputs.plan)?;
    unshare(CloneFlags::CLONE_NEWUSER).at(Step::Namespaces)?;
    // Only a process outside may write a map of many ids.
    gate.open()?;
    gate.wait()?;
    privileges::become_id(0)?;
    counts.bound()?;
    // A change of ids clears the first one.
    die_with_the_helper(kept)?;
    prctl::set_dumpable(false).at(Step::Identity)
}

fn start(inputs: &Inputs) -> Result<(Pid, OwnedFd), SetupError> {
    let (verdict, verdict_out) = payload::verdict_pipe()?;
    match syscall::fork().at(Step::Process)? {
        ForkResult::Child => payload::run(inputs, &verdict_out),
        ForkResult::Parent { child } => Ok((child, verdict)),
    }
}

/// Waits for the command; orphans that come to us on the way are buried.
fn reap(command: Pid) -> Result<Status, SetupError> {
    loop {
        match wait() {
            Ok(WaitStatus::Exited(pid, code)) if pid == command => return Ok(Status::Code(code)),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == command => return Ok(Status::Signal(signal as i32)),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(SetupError::other(Step::Process, errno)),
        }
    }
}

fn now() -> Result<Duration, SetupError> {
    clock_gettime(ClockId::CLOCK_MONOTONIC_RAW)
        .map(Duration::from)
        .at(Step::Process)
}
