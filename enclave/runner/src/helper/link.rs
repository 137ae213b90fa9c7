//! The socket to the runner.

use std::io::{IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

use nix::cmsg_space;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};

use super::error::{At, SetupError};
use crate::message::{GO, LONGEST_DOCUMENT, LOOK, Message, Step};
use crate::syscall;

/// Descriptors of ours live from here up, out of the way of those the command gets.
const LOWEST_DESCRIPTOR: RawFd = 64;
/// Standard output, standard error and the channel.
const MOST_DESCRIPTORS: usize = 8;

pub(super) enum Order {
    Go,
    Look,
    Kill,
}

pub(super) struct Link(UnixStream);

impl Link {
    pub(super) fn new(socket: OwnedFd) -> Self {
        Link(UnixStream::from(socket))
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// The document, up to its line end, and the descriptors that came with its first byte.
    pub(super) fn receive(&self) -> Result<(Vec<u8>, Vec<OwnedFd>), SetupError> {
        let (mut document, descriptors) = self.receive_first()?;
        let mut block = [0u8; 64 * 1024];
        while document.last() != Some(&b'\n') {
            let read = (&self.0).read(&mut block).at(Step::Document)?;
            let part = block.get(..read).unwrap_or_default();
            if part.is_empty() || document.len() + part.len() > LONGEST_DOCUMENT {
                return Err(SetupError::Refused(format!(
                    "the document does not end within {LONGEST_DOCUMENT} bytes"
                )));
            }
            document.extend_from_slice(part);
        }
        Ok((document, descriptors))
    }

    fn receive_first(&self) -> Result<(Vec<u8>, Vec<OwnedFd>), SetupError> {
        let mut first = [0u8; 1];
        let mut space = cmsg_space!([RawFd; MOST_DESCRIPTORS]);
        let mut parts = [IoSliceMut::new(&mut first)];
        let received = recvmsg::<()>(
            self.0.as_raw_fd(),
            &mut parts,
            Some(&mut space),
            MsgFlags::MSG_CMSG_CLOEXEC,
        )
        .at(Step::Document)?;
        let mut descriptors = Vec::new();
        for message in received.cmsgs().at(Step::Document)? {
            if let ControlMessageOwned::ScmRights(numbers) = message {
                descriptors.extend(numbers.into_iter().map(syscall::own));
            }
        }
        let lifted = descriptors
            .iter()
            .map(|descriptor| lift(descriptor.as_fd()))
            .collect::<Result<_, _>>();
        Ok((first.to_vec(), lifted.at(Step::Descriptors)?))
    }

    /// What the runner wants.
    pub(super) fn order(&self) -> Order {
        let mut byte = [0u8; 1];
        match (&self.0).read(&mut byte) {
            Ok(1) if byte == [GO] => Order::Go,
            Ok(1) if byte == [LOOK] => Order::Look,
            _ => Order::Kill,
        }
    }

    /// Tells the runner that nothing more comes, though this process lives on: a weakened build's.
    pub(super) fn hang_up(&self) {
        let _ = self.0.shutdown(Shutdown::Write);
    }

    /// Tells the runner. When it is gone there is nobody to tell.
    pub(super) fn send(&self, message: &Message) {
        if let Ok(mut line) = serde_json::to_vec(message) {
            line.push(b'\n');
            let _ = (&self.0).write_all(&line);
        }
    }
}

/// The same descriptor at a high number, closed at execve.
pub(super) fn lift_owned(descriptor: OwnedFd) -> Result<OwnedFd, Errno> {
    lift(descriptor.as_fd())
}

/// A copy of a descriptor at a high number, closed at execve.
pub(super) fn lift(descriptor: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    fcntl(descriptor, FcntlArg::F_DUPFD_CLOEXEC(LOWEST_DESCRIPTOR)).map(syscall::own)
}
