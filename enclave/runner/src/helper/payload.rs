//! Process 2: gives up everything and becomes the command.

use std::ffi::CString;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::libc::RLIM_INFINITY;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::{chdir, execve, pipe2, setsid, write};

use super::error::{At, SetupError};
use super::link::lift;
use super::{Inputs, privileges};
use crate::document::ResourceLimit;
use crate::message::{Message, Step};
use crate::protection::Protection;
use crate::syscall;

/// The first descriptor of the channel.
const FIRST_CHANNEL: RawFd = 3;

/// A pipe that closes at execve, and before that carries the message of a failure.
pub(super) fn verdict_pipe() -> Result<(OwnedFd, OwnedFd), SetupError> {
    let (read, write) = pipe2(OFlag::O_CLOEXEC).at(Step::Process)?;
    Ok((
        lift(read.as_fd()).at(Step::Process)?,
        lift(write.as_fd()).at(Step::Process)?,
    ))
}

/// Waits until the command runs; an error when it does not.
pub(super) fn executed(verdict: OwnedFd) -> Result<(), SetupError> {
    let mut text = Vec::new();
    File::from(verdict).read_to_end(&mut text).at(Step::Process)?;
    if text.is_empty() {
        return Ok(());
    }
    Err(match serde_json::from_slice(&text) {
        Ok(Message::NotStarted { errno }) => SetupError::NotStarted(Errno::from_raw(errno)),
        Ok(Message::Failed { step, reason }) => SetupError::Failed { step, reason },
        _ => SetupError::other(Step::Process, "the command's process failed without a reason"),
    })
}

/// Never returns: its caller is the init's copy after a fork.
pub(super) fn run(inputs: &Inputs, verdict: &OwnedFd) -> ! {
    let Err(error) = become_command(inputs);
    if let Ok(text) = serde_json::to_vec(&error.message()) {
        let _ = write(verdict, &text);
    }
    syscall::exit_now(1)
}

enum Never {}

fn become_command(inputs: &Inputs) -> Result<Never, SetupError> {
    let plan = &inputs.plan;
    let candidates = executables(&plan.argv, &plan.env)?;
    let (argv, env) = (c_strings(&plan.argv)?, c_strings(&plan.env)?);
    setsid().at(Step::Process)?;
    place_descriptors(inputs)?;
    plan.resource_limits.iter().try_for_each(limit)?;
    privileges::give_up(plan)?;
    // Whether it is there is the tree's doing, not the machine's.
    chdir(plan.cwd.as_str()).map_err(SetupError::NotStarted)?;
    syscall::restore_default_pipe_signal().at(Step::Process)?;
    privileges::confine(inputs)?;
    let mut last = Errno::ENOENT;
    for candidate in &candidates {
        match execve(candidate, &argv, &env) {
            Err(Errno::ENOENT | Errno::ENOTDIR) => {}
            Err(errno) => last = errno,
        }
    }
    Err(SetupError::NotStarted(last))
}

fn place_descriptors(inputs: &Inputs) -> Result<(), SetupError> {
    let nothing = open_nothing()?;
    let standard = [&nothing, &inputs.stdout, &inputs.stderr];
    let mut first_free = 0;
    for (source, target) in standard.into_iter().chain(&inputs.channel).zip(0..) {
        syscall::place(source.as_fd(), target).at(Step::Descriptors)?;
        first_free = target + 1;
    }
    if !inputs.plan.kept.has(Protection::Descriptors) {
        return Ok(());
    }
    let first_free =
        u32::try_from(first_free.max(FIRST_CHANNEL)).map_err(|_| SetupError::other(Step::Descriptors, Errno::EBADF))?;
    syscall::close_on_exec_from(first_free).at(Step::Descriptors)
}

/// `/dev/null`, read-only, and at a high number: closing the low one later would close the command's standard input.
fn open_nothing() -> Result<OwnedFd, SetupError> {
    let opened = File::open("/dev/null").at(Step::Descriptors)?;
    lift(opened.as_fd()).at(Step::Descriptors)
}

fn limit(limit: &ResourceLimit) -> Result<(), SetupError> {
    let resource = match limit.name.as_str() {
        "RLIMIT_AS" => Resource::RLIMIT_AS,
        "RLIMIT_CORE" => Resource::RLIMIT_CORE,
        "RLIMIT_CPU" => Resource::RLIMIT_CPU,
        "RLIMIT_FSIZE" => Resource::RLIMIT_FSIZE,
        "RLIMIT_MEMLOCK" => Resource::RLIMIT_MEMLOCK,
        "RLIMIT_MSGQUEUE" => Resource::RLIMIT_MSGQUEUE,
        "RLIMIT_NOFILE" => Resource::RLIMIT_NOFILE,
        "RLIMIT_NPROC" => Resource::RLIMIT_NPROC,
        "RLIMIT_SIGPENDING" => Resource::RLIMIT_SIGPENDING,
        "RLIMIT_STACK" => Resource::RLIMIT_STACK,
        other => {
            return Err(SetupError::other(
                Step::ResourceLimits,
                format!("{other} is not implemented"),
            ));
        }
    };
    let value = match getrlimit(resource) {
        // Only a weakened build leaves a limit open; more than the hard one only the host's administrator may.
        Ok((_, hard)) if limit.value == RLIM_INFINITY => hard,
        _ => limit.value,
    };
    setrlimit(resource, value, value)
        .map_err(|errno| SetupError::other(Step::ResourceLimits, format!("{} {}: {errno}", limit.name, limit.value)))
}

fn c_strings(texts: &[String]) -> Result<Vec<CString>, SetupError> {
    texts.iter().map(|text| c_string(text)).collect()
}

fn c_string(text: &str) -> Result<CString, SetupError> {
    CString::new(text).map_err(|error| SetupError::other(Step::Process, error))
}

/// Where the command may be: itself when it has a slash, else in each directory of the `PATH` it was given.
fn executables(argv: &[String], env: &[String]) -> Result<Vec<CString>, SetupError> {
    let command = argv.first().ok_or(SetupError::NotStarted(Errno::ENOENT))?;
    if command.contains('/') {
        return Ok(vec![c_string(command)?]);
    }
    let path = env
        .iter()
        .find_map(|variable| variable.strip_prefix("PATH="))
        .unwrap_or_default();
    path.split(':')
        .filter(|directory| !directory.is_empty())
        .map(|directory| c_string(&format!("{directory}/{command}")))
        .collect()
}
