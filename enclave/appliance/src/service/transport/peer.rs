//! The other end of a connection, which may read as slowly as it likes without holding a job up.
//!
//! A time limit of the socket is for each piece that the kernel takes, so a host that reads a byte now and then would have
//! bought hours for one frame. Here a whole frame has one limit, from its first byte to the flush that ends it.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use orv_wire::Stream;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

/// What is handed to the kernel at once: little enough that the deadline is looked at in between.
const PIECE: usize = 16 * 1024;

/// A connected host.
pub(in crate::service) struct Peer {
    stream: Stream,
    /// How long it may take to take in one frame.
    limit: Duration,
    /// When the frame that is being written must be out.
    until: Option<Instant>,
}

impl Peer {
    /// Speaks over a stream.
    pub(in crate::service) fn new(stream: Stream, limit: Duration) -> io::Result<Self> {
        // The socket's own limit ends a wait of the kernel that the poll did not foresee.
        stream.set_patience(limit)?;
        let until = None;
        Ok(Self { stream, limit, until })
    }
}

impl Read for Peer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Peer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let until = *self.until.get_or_insert_with(|| Instant::now() + self.limit);
        writable(&self.stream, until)?;
        self.stream.write(bytes.get(..PIECE).unwrap_or(bytes))
    }

    /// Ends a frame.
    fn flush(&mut self) -> io::Result<()> {
        self.until = None;
        self.stream.flush()
    }
}

impl AsFd for Peer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Waits until the other side takes something, or is gone.
fn writable(stream: &impl AsFd, until: Instant) -> io::Result<()> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        // Rounded up: a wait of nothing would be asked for again and again.
        let left = PollTimeout::try_from(left.as_millis().saturating_add(1)).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(stream.as_fd(), PollFlags::POLLOUT)], left) {
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::os::unix::net::UnixStream;

    const LIMIT: Duration = Duration::from_millis(300);

    fn pair() -> (Peer, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (Peer::new(Stream::Unix(ours), LIMIT).unwrap(), theirs)
    }

    #[test]
    fn a_host_that_reads_drop_by_drop_has_one_limit_for_the_whole_frame() {
        let (mut peer, mut theirs) = pair();
        let reader = std::thread::spawn(move || {
            // Each of these buys the writer another piece, within every limit of a single write.
            let mut drop = vec![0; 64 * 1024];
            while theirs.read(&mut drop).is_ok_and(|read| read > 0) {
                std::thread::sleep(LIMIT / 4);
            }
        });
        let error = peer.write_all(&vec![0; 8 << 20]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(peer);
        reader.join().unwrap();
    }

    #[test]
    fn every_frame_has_its_own_limit_and_a_slow_pause_between_two_costs_nothing() {
        let (mut peer, mut theirs) = pair();
        for _ in 0..2 {
            peer.write_all(b"frame").unwrap();
            peer.flush().unwrap();
            theirs.read_exact(&mut [0; 5]).unwrap();
            std::thread::sleep(LIMIT + LIMIT / 4);
        }
    }

    #[test]
    fn a_host_that_left_is_an_error_at_once() {
        let (mut peer, theirs) = pair();
        drop(theirs);
        assert_eq!(peer.write_all(b"frame").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
