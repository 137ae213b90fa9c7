//! The spawner seen from the runner: one process of one thread that forks a helper for each container.
//!
//! It is a fresh executable, so nothing of its maker's memory is in it, however many threads or keys its maker has: it is
//! started with `std::process::Command`, which on Linux is `posix_spawn`: the child runs nothing but exec between. Every
//! helper is a fork of this process and of no other. It ends when its maker lets go of it, or dies.

use std::io::IoSlice;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::socket::{AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType, sendmsg, socketpair};

use crate::error::RunnerError;
use crate::helper::{HELPER_ARGUMENT, LEAK_ARGUMENT};
use crate::protection::{Kept, Protection};

/// Where the runner keeps its spawner, once it has one.
pub(crate) type Place = Arc<Mutex<Option<Spawner>>>;

#[derive(Debug)]
pub(crate) struct Spawner {
    program: PathBuf,
    child: Child,
    control: Option<OwnedFd>,
}

impl Spawner {
    fn start(program: &Path, kept: Kept) -> std::io::Result<Self> {
        let family = AddressFamily::Unix;
        let (ours, theirs) = socketpair(family, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
        let leak = (!kept.has(Protection::Descriptors)).then_some(LEAK_ARGUMENT);
        // The command value holds the other end, and lets go of it here.
        let child = Command::new(program)
            .arg(HELPER_ARGUMENT)
            .args(leak)
            .env_clear()
            .stdin(theirs)
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Spawner {
            program: program.to_owned(),
            child,
            control: Some(ours),
        })
    }

    /// Has a helper forked that holds the other end of the answer.
    fn fork_helper(&self) -> std::io::Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair()?;
        let control = self.control.as_ref().ok_or(std::io::ErrorKind::NotConnected)?;
        sendmsg::<()>(
            control.as_raw_fd(),
            &[IoSlice::new(b"f")],
            &[ControlMessage::ScmRights(&[theirs.as_raw_fd()])],
            MsgFlags::MSG_NOSIGNAL,
            None,
        )?;
        Ok(ours)
    }
}

impl Drop for Spawner {
    fn drop(&mut self) {
        // The end of file is its order to go; helpers it has forked go with their own runs.
        self.control = None;
        let _ = self.child.wait();
    }
}

/// Starts the spawner where there is none of this program yet.
pub(crate) fn start(place: &Place, program: &Path, kept: Kept) -> Result<(), RunnerError> {
    with_spawner(place, program, kept, |_| Ok(()))
}

/// A helper of a fresh fork, by the socket to it. A spawner that has died is replaced once.
pub(crate) fn fork_helper(place: &Place, program: &Path, kept: Kept) -> Result<UnixStream, RunnerError> {
    with_spawner(place, program, kept, Spawner::fork_helper)
}

fn with_spawner<T>(
    place: &Place,
    program: &Path,
    kept: Kept,
    action: impl Fn(&Spawner) -> std::io::Result<T>,
) -> Result<T, RunnerError> {
    let failed = |source| RunnerError::Helper {
        helper: program.to_owned(),
        source,
    };
    let mut found = place.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(spawner) = found.as_ref().filter(|spawner| spawner.program == program)
        && let Ok(answer) = action(spawner)
    {
        return Ok(answer);
    }
    let spawner = Spawner::start(program, kept).map_err(failed)?;
    let answer = action(&spawner).map_err(failed);
    *found = Some(spawner);
    answer
}
