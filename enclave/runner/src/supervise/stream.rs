//! One output stream, kept up to its cap and read to its end.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{pipe2, read};

use crate::container::FLOOD_FACTOR;
use crate::error::RunnerError;
use crate::report::Captured;

/// Reads of one drain.
const READS: usize = 64;
/// More reads than a pipe can hold packets: it holds one in each page, and has 256 of them where a payload has made it as
/// long as `/proc/sys/fs/pipe-max-size` lets it; a machine may have raised that.
const READS_OF_A_PIPE: usize = 1 << 20;

/// The reading end of a pipe from the payload.
pub(crate) struct Stream {
    pipe: Option<OwnedFd>,
    kept: Vec<u8>,
    cap: usize,
    total: u64,
}

impl Stream {
    /// A stream that keeps `cap` bytes, and the end to write to it.
    pub(crate) fn new(cap: usize) -> Result<(Self, OwnedFd), RunnerError> {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC).map_err(RunnerError::system("making a pipe"))?;
        set_nonblocking(reader.as_fd())?;
        Ok((
            Stream {
                pipe: Some(reader),
                kept: Vec::new(),
                cap,
                total: 0,
            },
            writer,
        ))
    }

    /// Nothing once there is no more to read: the end has come, or a flood.
    pub(crate) fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().filter(|_| !self.is_flood()).map(AsFd::as_fd)
    }

    /// Whether more came than anyone would write in good faith.
    pub(crate) fn is_flood(&self) -> bool {
        self.total > (self.cap as u64).saturating_mul(FLOOD_FACTOR)
    }

    /// Whether more came than was kept.
    pub(crate) fn is_truncated(&self) -> bool {
        self.total > self.kept.len() as u64
    }

    /// Reads what is there now, but not for ever from one who writes as fast, and nothing beyond a flood: its writer waits
    /// until it is stopped.
    pub(crate) fn drain(&mut self) -> Result<(), RunnerError> {
        self.read_at_most(READS)
    }

    /// Reads what those who wrote have left when they went.
    ///
    /// That is more than one drain takes where they wrote in packets (`O_DIRECT`), each of which is a read: with the
    /// longest pipe that they may ask for, hundreds. What went unread would be missing without a sign, a second match
    /// of the metric perhaps.
    pub(crate) fn drain_rest(&mut self) -> Result<(), RunnerError> {
        self.read_at_most(READS_OF_A_PIPE)
    }

    fn read_at_most(&mut self, reads: usize) -> Result<(), RunnerError> {
        let mut block = [0u8; 64 * 1024];
        for _ in 0..reads {
            let Some(pipe) = self.pipe.as_ref().filter(|_| !self.is_flood()) else {
                return Ok(());
            };
            match read(pipe, &mut block) {
                Ok(0) => self.pipe = None,
                Ok(length) => self.keep(block.get(..length).unwrap_or_default()),
                Err(Errno::EAGAIN) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(errno) => {
                    return Err(RunnerError::System {
                        action: "reading output",
                        source: errno.into(),
                    });
                }
            }
        }
        Ok(())
    }

    fn keep(&mut self, part: &[u8]) {
        let room = self.cap.saturating_sub(self.kept.len()).min(part.len());
        self.kept.extend_from_slice(part.get(..room).unwrap_or_default());
        self.total = self.total.saturating_add(part.len() as u64);
    }

    /// What was kept.
    pub(crate) fn take(&mut self) -> Captured {
        let truncated = self.is_truncated();
        Captured {
            bytes: std::mem::take(&mut self.kept),
            truncated,
        }
    }
}

/// Makes reads and writes answer at once.
pub(crate) fn set_nonblocking(descriptor: BorrowedFd<'_>) -> Result<(), RunnerError> {
    let action = "making a descriptor non-blocking";
    let flags = fcntl(descriptor, FcntlArg::F_GETFL).map_err(RunnerError::system(action))?;
    let flags = OFlag::from_bits_retain(flags) | OFlag::O_NONBLOCK;
    fcntl(descriptor, FcntlArg::F_SETFL(flags))
        .map(drop)
        .map_err(RunnerError::system(action))
}

/// The counter that nobody steers: neither set nor slewed.
pub(crate) fn now() -> Result<Duration, RunnerError> {
    clock_gettime(ClockId::CLOCK_MONOTONIC_RAW)
        .map(Duration::from)
        .map_err(RunnerError::system("reading the clock"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_flood_is_read_no_further_than_it_takes_to_know_it() {
        let (mut stream, writer) = Stream::new(4).expect("a pipe");
        let longest = usize::try_from(4 * FLOOD_FACTOR).expect("a length");
        let mut writer = std::fs::File::from(writer);
        writer.write_all(&vec![b'y'; longest]).expect("room");
        stream.drain().expect("a read");
        assert!(!stream.is_flood() && stream.as_fd().is_some());
        for _ in 0..2 {
            writer.write_all(b"y").expect("room");
            stream.drain().expect("a read");
            assert!(stream.is_flood() && stream.as_fd().is_none());
        }
        drop(writer);
        stream.drain_rest().expect("a read");
        assert_eq!(stream.total, 4 * FLOOD_FACTOR + 1);
        assert_eq!((stream.take().bytes.len(), stream.is_truncated()), (4, true));
    }
}
