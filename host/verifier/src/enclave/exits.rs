//! Why an enclave ended, as it told before it did: it connects to its parent and writes one `Exit` frame (DESIGN 5.10).
//!
//! The words are the enclave's, or of whoever sits on this machine's vsock: they are shown and decide nothing.

use super::post::{Door, Guest, Post};
use super::{EnclaveAddress, hybrid};
use orv_wire::{Exit, Stream};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use vsock::{VMADDR_CID_ANY, VsockListener};

/// The port of the enclave's parent that it reports to: part of the measured configuration of every image.
pub const EXIT_PORT: u32 = 5001;

/// Where enclaves report their end on this machine. All guests of its vsock report to one port, which only one can listen
/// on: whoever works with several enclaves asks one of these for the reports of each.
#[derive(Debug, Default)]
pub struct ExitPorts {
    vsock: Mutex<Weak<Post>>,
}

impl ExitPorts {
    /// Listens where an enclave at this address reports. One behind a plain unix socket is a process of this machine, with a
    /// console, and reports nowhere: nothing.
    ///
    /// # Errors
    /// The system's reason, among them that another program, or somebody else in this one, listens there.
    pub fn listen(&self, address: &EnclaveAddress) -> io::Result<Option<ExitReports>> {
        let (post, guest) = match address {
            EnclaveAddress::Unix(_) => return Ok(None),
            EnclaveAddress::Vsock { cid, .. } => (self.vsock()?, Guest::Cid(*cid)),
            EnclaveAddress::Hybrid { socket, .. } => {
                let door = HybridDoor::at(hybrid::parent_port(socket, EXIT_PORT))?;
                (Arc::new(Post::open(door)?), Guest::Only)
            }
        };
        Ok(Some(ExitReports {
            arrived: Mutex::new(post.take(guest)?),
            guest,
            post,
        }))
    }

    /// The one listener for all guests of this machine's vsock.
    fn vsock(&self) -> io::Result<Arc<Post>> {
        let mut known = self.vsock.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(post) = known.upgrade() {
            return Ok(post);
        }
        let door = VsockDoor(VsockListener::bind_with_cid_port(VMADDR_CID_ANY, EXIT_PORT)?);
        let post = Arc::new(Post::open(door)?);
        *known = Arc::downgrade(&post);
        Ok(post)
    }
}

/// The reports of one enclave, which are heard until this is dropped.
#[derive(Debug)]
pub struct ExitReports {
    arrived: Mutex<Receiver<Exit>>,
    guest: Guest,
    post: Arc<Post>,
}

impl ExitReports {
    /// Listens for a single enclave, as [`ExitPorts::listen`].
    ///
    /// # Errors
    /// The system's reason.
    pub fn listen(address: &EnclaveAddress) -> io::Result<Option<Self>> {
        ExitPorts::default().listen(address)
    }

    /// The oldest report that nobody has read, waiting for one at most this long.
    pub fn next(&self, patience: Duration) -> Option<Exit> {
        let arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        arrived.recv_timeout(patience).ok()
    }

    /// Forgets what was reported: a new enclave has begun.
    pub fn forget(&self) {
        while self.next(Duration::ZERO).is_some() {}
    }
}

impl Drop for ExitReports {
    fn drop(&mut self) {
        self.post.leave(self.guest);
    }
}

/// The port of every guest's parent on vsock: a connection has its guest's context id.
struct VsockDoor(VsockListener);

impl Door for VsockDoor {
    fn accept(&self) -> io::Result<(Guest, Stream)> {
        let (stream, peer) = self.0.accept()?;
        Ok((Guest::Cid(peer.cid()), Stream::Vsock(stream)))
    }
}

impl AsFd for VsockDoor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The unix socket of one guest's vsock device.
struct HybridDoor {
    listener: UnixListener,
    path: PathBuf,
}

impl HybridDoor {
    /// Takes the place of a socket whose listener is gone, never of one that is there.
    fn at(path: PathBuf) -> io::Result<Self> {
        match UnixStream::connect(&path) {
            Ok(_) => return Err(io::ErrorKind::AddrInUse.into()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(&path)?,
            Err(_) => {}
        }
        let listener = UnixListener::bind(&path)?;
        Ok(Self { listener, path })
    }
}

impl Door for HybridDoor {
    fn accept(&self) -> io::Result<(Guest, Stream)> {
        Ok((Guest::Only, Stream::Unix(self.listener.accept()?.0)))
    }
}

impl AsFd for HybridDoor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

impl Drop for HybridDoor {
    fn drop(&mut self) {
        // Whoever listens next takes its place anyway.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orv_wire::{Channel, ExitCode, Message};
    use std::io::Write;
    use std::path::Path;
    use vsock::{VMADDR_CID_LOCAL, VsockStream};

    const PATIENT: Duration = Duration::from_secs(30);

    fn at(folder: &Path) -> EnclaveAddress {
        EnclaveAddress::Hybrid {
            socket: folder.join("vm.vsock"),
            port: 5000,
        }
    }

    fn exit(reason: &str) -> Exit {
        Exit::new(ExitCode::Anomaly, reason)
    }

    fn tell(folder: &Path, message: &Message) {
        let stream = UnixStream::connect(folder.join("vm.vsock_5001")).unwrap();
        Channel::new(stream).send(0, message).unwrap();
    }

    #[test]
    fn a_report_is_heard_once_and_the_first_one_first() {
        let folder = tempfile::tempdir().unwrap();
        let reports = ExitReports::listen(&at(folder.path())).unwrap().unwrap();
        tell(folder.path(), &Message::Exit(exit("the keeper is gone")));
        tell(folder.path(), &Message::Exit(exit("and something else")));
        assert_eq!(reports.next(PATIENT), Some(exit("the keeper is gone")));
        assert_eq!(reports.next(PATIENT), Some(exit("and something else")));
        assert_eq!(reports.next(Duration::ZERO), None);
    }

    #[test]
    fn what_is_no_report_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let reports = ExitReports::listen(&at(folder.path())).unwrap().unwrap();
        let mut noise = UnixStream::connect(folder.path().join("vm.vsock_5001")).unwrap();
        noise.write_all(&[0xff; 64]).unwrap();
        drop(noise);
        tell(folder.path(), &Message::Cancel(orv_wire::Cancel {}));
        tell(folder.path(), &Message::Exit(exit("out of memory")));
        assert_eq!(reports.next(PATIENT), Some(exit("out of memory")));
    }

    #[test]
    fn of_a_flood_of_reports_the_first_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let reports = ExitReports::listen(&at(folder.path())).unwrap().unwrap();
        for number in 0..50 {
            tell(folder.path(), &Message::Exit(exit(&number.to_string())));
        }
        assert_eq!(reports.next(PATIENT), Some(exit("0")));
    }

    #[test]
    fn a_socket_left_behind_is_replaced_and_one_in_use_is_not() {
        let folder = tempfile::tempdir().unwrap();
        drop(UnixListener::bind(folder.path().join("vm.vsock_5001")).unwrap());
        let first = ExitReports::listen(&at(folder.path())).unwrap().unwrap();
        let second = ExitReports::listen(&at(folder.path())).unwrap_err();
        assert_eq!(second.kind(), io::ErrorKind::AddrInUse);
        drop(first);
        assert!(!folder.path().join("vm.vsock_5001").exists());
        ExitReports::listen(&at(folder.path())).unwrap().unwrap();
    }

    #[test]
    fn an_enclave_that_is_a_process_of_this_machine_reports_nowhere() {
        let address = EnclaveAddress::Unix("/run/orv/enclave.sock".into());
        assert!(ExitReports::listen(&address).unwrap().is_none());
    }

    fn guest(cid: u32) -> EnclaveAddress {
        EnclaveAddress::Vsock { cid, port: 5000 }
    }

    /// As the example configuration has it: two enclaves of one machine. This machine stands in for one of them where its
    /// kernel has a loopback.
    #[test]
    fn two_enclaves_on_vsock_are_both_heard() {
        let ports = ExitPorts::default();
        let first = match ports.listen(&guest(16)) {
            Ok(first) => first.unwrap(),
            Err(error) => {
                eprintln!("TWO ENCLAVES ON VSOCK WERE NOT TRIED: {error}");
                return;
            }
        };
        let second = ports.listen(&guest(VMADDR_CID_LOCAL)).unwrap().unwrap();
        match VsockStream::connect_with_cid_port(VMADDR_CID_LOCAL, EXIT_PORT) {
            Ok(stream) => {
                Channel::new(stream)
                    .send(0, &Message::Exit(exit("of the second")))
                    .unwrap();
                assert_eq!(second.next(PATIENT), Some(exit("of the second")));
            }
            Err(error) => eprintln!("NO REPORT OVER VSOCK WAS TRIED: {error}"),
        }
        assert_eq!(first.next(Duration::ZERO), None);
        drop((first, second));
        ports.listen(&guest(16)).unwrap().unwrap();
    }
}
