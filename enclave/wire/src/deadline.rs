//! Reading until a moment, not a pause: bytes that drip do not put it off.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::time::Instant;

/// A stream that may be read until its deadline.
pub(crate) struct Timed<'a, S> {
    pub(crate) stream: &'a mut S,
    pub(crate) deadline: Instant,
}

impl<S: Read + AsFd> Read for Timed<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        readable(self.stream, self.deadline)?;
        self.stream.read(buffer)
    }
}

/// Waits until there is something to read, or the end of the stream.
pub(crate) fn readable(stream: &impl AsFd, deadline: Instant) -> io::Result<()> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        // Rounded up: a wait of nothing would be asked for again and again.
        let left = PollTimeout::try_from(left.as_millis().saturating_add(1)).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(stream.as_fd(), PollFlags::POLLIN)], left) {
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}
