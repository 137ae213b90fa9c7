//! Why an enclave ended, as it told before it did: it connects to its parent and writes one `Exit` frame (DESIGN 5.10).
//!
//! The words are the enclave's, or of whoever sits on this machine's vsock: they are shown and decide nothing.

use super::{EnclaveAddress, hybrid};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use orv_wire::{Channel, Exit, Message, Stream};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use vsock::{VMADDR_CID_ANY, VsockListener};

/// The port of the enclave's parent that it reports to: part of the measured configuration of every image.
pub const EXIT_PORT: u32 = 5001;

/// How long a report may take from its connection on. An enclave that ends has little time itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often the listener looks whether it shall stop, in milliseconds.
const LOOK: u16 = 200;

/// Reports that wait to be read; later ones are dropped, since the first says why.
const WAITING: usize = 4;

/// Listens for the reports of one enclave, on a thread of its own, until it is dropped.
#[derive(Debug)]
pub struct ExitReports {
    arrived: Mutex<Receiver<Exit>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl ExitReports {
    /// Listens where an enclave at this address reports. One behind a plain unix socket is a process of this machine, with a
    /// console, and reports nowhere: nothing.
    ///
    /// # Errors
    /// The system's reason, among them that another program listens there.
    pub fn listen(address: &EnclaveAddress) -> io::Result<Option<Self>> {
        let listener = match address {
            EnclaveAddress::Unix(_) => return Ok(None),
            EnclaveAddress::Vsock { cid, .. } => Listener::Vsock {
                listener: VsockListener::bind_with_cid_port(VMADDR_CID_ANY, EXIT_PORT)?,
                enclave: *cid,
            },
            EnclaveAddress::Hybrid { socket, .. } => Listener::unix(hybrid::parent_port(socket, EXIT_PORT))?,
        };
        let (sender, arrived) = sync_channel(WAITING);
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("exit reports".to_owned())
            .spawn(move || listener.take_until(&flag, &sender))?;
        Ok(Some(Self {
            arrived: Mutex::new(arrived),
            stop,
            thread: Some(thread),
        }))
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
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It has nothing to hand back, and a panic in it has been printed.
            let _ = thread.join();
        }
    }
}

/// Where reports come in.
enum Listener {
    Vsock { listener: VsockListener, enclave: u32 },
    Unix { listener: UnixListener, path: PathBuf },
}

impl Listener {
    /// Takes the place of a socket whose listener is gone, never of one that is there.
    fn unix(path: PathBuf) -> io::Result<Self> {
        match UnixStream::connect(&path) {
            Ok(_) => return Err(io::ErrorKind::AddrInUse.into()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(&path)?,
            Err(_) => {}
        }
        let listener = UnixListener::bind(&path)?;
        Ok(Self::Unix { listener, path })
    }

    fn take_until(self, stop: &AtomicBool, reports: &SyncSender<Exit>) {
        while !stop.load(Ordering::Relaxed) {
            match poll(
                &mut [PollFd::new(self.as_fd(), PollFlags::POLLIN)],
                PollTimeout::from(LOOK),
            ) {
                Ok(0) | Err(Errno::EINTR) => continue,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "the enclave's exit reports are not heard any more");
                    return;
                }
            }
            match self.accept().map(|stream| stream.and_then(report)) {
                Ok(Some(exit)) => {
                    if let Err(TrySendError::Disconnected(_)) = reports.try_send(exit) {
                        return;
                    }
                }
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "a connection to the exit port broke"),
            }
        }
    }

    /// The next connection; nothing where it is another guest's.
    fn accept(&self) -> io::Result<Option<Stream>> {
        match self {
            Self::Vsock { listener, enclave } => {
                let (stream, peer) = listener.accept()?;
                Ok((peer.cid() == *enclave).then_some(Stream::Vsock(stream)))
            }
            Self::Unix { listener, .. } => Ok(Some(Stream::Unix(listener.accept()?.0))),
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Vsock { listener, .. } => listener.as_fd(),
            Self::Unix { listener, .. } => listener.as_fd(),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix { path, .. } = self {
            // Whoever listens next takes its place anyway.
            let _ = std::fs::remove_file(path);
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
    use std::io::Write;
    use std::path::Path;

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
        let kept = std::iter::from_fn(|| reports.next(Duration::from_secs(1)));
        let kept: Vec<_> = kept.map(|exit| exit.detail).collect();
        assert_eq!(kept.first().map(String::as_str), Some("0"));
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
}
