//! One listener for the reports of several enclaves: each connection is read on one thread, and what comes over it goes to
//! whoever waits for the reports of that guest.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use orv_wire::{Channel, Exit, Message, Stream};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a report may take from its connection on. An enclave that ends has little time itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often the listener looks whether it shall stop, in milliseconds.
const LOOK: u16 = 200;

/// Reports that wait to be read; later ones are dropped, since the first says why.
const WAITING: usize = 4;

/// Who reports, as its connection tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Guest {
    /// The guest of this context id.
    Cid(u32),
    /// The only one that is behind the socket.
    Only,
}

/// Where connections come in.
pub(super) trait Door: AsFd + Send + 'static {
    /// The next connection, and whose it is.
    fn accept(&self) -> io::Result<(Guest, Stream)>;
}

/// Who waits for whose reports.
#[derive(Debug, Default)]
struct Mailboxes(Mutex<BTreeMap<Guest, SyncSender<Exit>>>);

/// Listens until it is dropped.
#[derive(Debug)]
pub(super) struct Post {
    mailboxes: Arc<Mailboxes>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Post {
    /// Listens at a door.
    pub(super) fn open(door: impl Door) -> io::Result<Self> {
        let (mailboxes, stop) = (Arc::new(Mailboxes::default()), Arc::new(AtomicBool::new(false)));
        let (boxes, flag) = (Arc::clone(&mailboxes), Arc::clone(&stop));
        let thread = thread::Builder::new()
            .name("exit reports".to_owned())
            .spawn(move || boxes.fill_until(&flag, &door))?;
        Ok(Self {
            mailboxes,
            stop,
            thread: Some(thread),
        })
    }

    /// Takes the reports of one guest from now on; whose are taken already cannot be taken again.
    pub(super) fn take(&self, guest: Guest) -> io::Result<Receiver<Exit>> {
        let mut boxes = self.mailboxes.lock();
        if boxes.contains_key(&guest) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let (sender, arrived) = sync_channel(WAITING);
        boxes.insert(guest, sender);
        Ok(arrived)
    }

    /// Takes them no more.
    pub(super) fn leave(&self, guest: Guest) {
        self.mailboxes.lock().remove(&guest);
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It has nothing to hand back, and a panic in it has been printed.
            let _ = thread.join();
        }
    }
}

impl Mailboxes {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Guest, SyncSender<Exit>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, guest: Guest) -> Option<SyncSender<Exit>> {
        self.lock().get(&guest).cloned()
    }

    fn fill_until(&self, stop: &AtomicBool, door: &impl Door) {
        while !stop.load(Ordering::Relaxed) {
            match poll(
                &mut [PollFd::new(door.as_fd(), PollFlags::POLLIN)],
                PollTimeout::from(LOOK),
            ) {
                Ok(0) | Err(Errno::EINTR) => continue,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "the enclaves' exit reports are not heard any more");
                    return;
                }
            }
            match door.accept() {
                Ok((guest, stream)) => self.fill(guest, stream),
                Err(error) => tracing::debug!(%error, "a connection to the exit port broke"),
            }
        }
    }

    /// A guest that nobody waits for is not listened to.
    fn fill(&self, guest: Guest, stream: Stream) {
        let Some(mailbox) = self.of(guest) else {
            tracing::debug!(?guest, "a report that nobody waits for");
            return;
        };
        if let Some(exit) = report(stream) {
            // Full, or left meanwhile: the first one says why.
            let _ = mailbox.try_send(exit);
        }
    }
}

/// One report; nothing where what came is none.
fn report(stream: Stream) -> Option<Exit> {
    match Channel::new(stream).receive_within(PATIENCE, PATIENCE) {
        Ok((_, Message::Exit(exit))) => Some(exit),
        Ok((_, other)) => {
            tracing::debug!(kind = ?other.kind(), "no report on the exit port");
            None
        }
        Err(error) => {
            tracing::debug!(%error, "no report on the exit port");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orv_wire::ExitCode;
    use std::io::{Read, Write};
    use std::os::fd::BorrowedFd;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::Path;

    const PATIENT: Duration = Duration::from_secs(30);

    /// A socket at which the first byte says the context id, as vsock's addresses do.
    struct Labelled(UnixListener);

    impl Door for Labelled {
        fn accept(&self) -> io::Result<(Guest, Stream)> {
            let (mut stream, _) = self.0.accept()?;
            let mut cid = [0];
            stream.read_exact(&mut cid)?;
            Ok((Guest::Cid(cid[0].into()), Stream::Unix(stream)))
        }
    }

    impl AsFd for Labelled {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.0.as_fd()
        }
    }

    fn exit(reason: &str) -> Exit {
        Exit::new(ExitCode::Anomaly, reason)
    }

    fn tell(socket: &Path, cid: u8, reason: &str) {
        let mut stream = UnixStream::connect(socket).unwrap();
        stream.write_all(&[cid]).unwrap();
        Channel::new(stream).send(0, &Message::Exit(exit(reason))).unwrap();
    }

    #[test]
    fn each_of_several_guests_at_one_port_is_heard_by_whoever_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("port");
        let post = Post::open(Labelled(UnixListener::bind(&socket).unwrap())).unwrap();
        let (first, second) = (post.take(Guest::Cid(16)).unwrap(), post.take(Guest::Cid(17)).unwrap());
        tell(&socket, 17, "of the second");
        tell(&socket, 99, "of a stranger");
        tell(&socket, 16, "of the first");
        assert_eq!(first.recv_timeout(PATIENT), Ok(exit("of the first")));
        assert_eq!(second.recv_timeout(PATIENT), Ok(exit("of the second")));
        assert!(first.try_recv().is_err() && second.try_recv().is_err());
    }

    #[test]
    fn one_guest_has_one_listener_and_another_one_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("port");
        let post = Post::open(Labelled(UnixListener::bind(&socket).unwrap())).unwrap();
        let _first = post.take(Guest::Cid(16)).unwrap();
        let again = post.take(Guest::Cid(16)).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AddrInUse);
        post.leave(Guest::Cid(16));
        let later = post.take(Guest::Cid(16)).unwrap();
        tell(&socket, 16, "again");
        assert_eq!(later.recv_timeout(PATIENT), Ok(exit("again")));
    }
}
