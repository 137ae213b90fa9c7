//! The spawner's own side: waits for sockets, and forks a helper for each.

use std::io::IoSliceMut;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::process::ExitCode;

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};
use nix::unistd::ForkResult;

use super::link::{Link, lift_owned};
use super::supervise;
use crate::document::profile::Filters;
use crate::syscall;

/// Serves until the runner is gone. Between two containers nothing is kept: the parent never reads a document.
pub(super) fn serve() -> ExitCode {
    let Ok(control) = lift_owned(syscall::own(0)) else {
        return ExitCode::FAILURE;
    };
    // Made once, before any document is seen.
    let filters = Filters::compile(Default::default());
    if syscall::leave_no_zombies().is_err() {
        return ExitCode::FAILURE;
    }
    loop {
        let link = match receive(&control) {
            Ok(Some(link)) => link,
            Ok(None) => return ExitCode::SUCCESS,
            Err(Errno::EINTR) => continue,
            Err(_) => return ExitCode::FAILURE,
        };
        // Where there is no room for a fork, the runner sees its socket close.
        if let Ok(ForkResult::Child) = syscall::fork() {
            drop(control);
            return match lift_owned(link) {
                Ok(link) => run(&Link::new(link), &filters),
                Err(_) => ExitCode::FAILURE,
            };
        }
    }
}

/// In the helper: one container. The answer is 0 when it ran, whatever its command did.
fn run(link: &Link, filters: &Filters) -> ExitCode {
    match supervise(link, filters) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            link.send(&error.message());
            ExitCode::FAILURE
        }
    }
}

/// The next socket; none at the end of file.
fn receive(control: &OwnedFd) -> Result<Option<OwnedFd>, Errno> {
    let mut byte = [0u8; 1];
    let mut space = cmsg_space!([RawFd; 1]);
    let mut parts = [IoSliceMut::new(&mut byte)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let received = recvmsg::<()>(control.as_raw_fd(), &mut parts, Some(&mut space), flags)?;
    let mut descriptors = Vec::new();
    for message in received.cmsgs()? {
        if let ControlMessageOwned::ScmRights(numbers) = message {
            descriptors.extend(numbers.into_iter().map(syscall::own));
        }
    }
    Ok(descriptors.pop())
}
