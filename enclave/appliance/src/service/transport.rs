//! Listening sockets: vsock in an enclave, unix sockets in development.

use crate::configuration::{Listen, Peers};
use crate::console::tell;
use orv_wire::Stream;
use std::io;
use std::os::unix::net::UnixListener;
use std::time::Duration;
use vsock::{VMADDR_CID_ANY, VsockListener};

/// How long a host may take over one frame. An idle connection between jobs is closed after it, too.
const PATIENCE: Duration = Duration::from_secs(600);

/// A listening socket.
pub(super) enum Listener {
    Unix(UnixListener),
    Vsock { listener: VsockListener, peers: Peers },
}

impl Listener {
    pub(super) fn bind(listen: &Listen) -> io::Result<Self> {
        match listen {
            Listen::Unix(path) => {
                match std::fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
                UnixListener::bind(path).map(Self::Unix)
            }
            Listen::Vsock { port, peers } => {
                let listener = VsockListener::bind_with_cid_port(VMADDR_CID_ANY, *port)?;
                let peers = peers.clone();
                Ok(Self::Vsock { listener, peers })
            }
        }
    }

    /// The next connection; nothing where it ended before it began, or came from somebody who may not speak.
    pub(super) fn accept(&self) -> io::Result<Option<Stream>> {
        let stream = match self.accept_any() {
            Ok(Some(stream)) => stream,
            Ok(None) => return Ok(None),
            Err(error) if ended_early(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(stream.set_patience(PATIENCE).is_ok().then_some(stream))
    }

    fn accept_any(&self) -> io::Result<Option<Stream>> {
        match self {
            Self::Unix(listener) => Ok(Some(Stream::Unix(listener.accept()?.0))),
            Self::Vsock { listener, peers } => {
                let (stream, peer) = listener.accept()?;
                if peers.admits(peer.cid()) {
                    return Ok(Some(Stream::Vsock(stream)));
                }
                tell(format_args!("a connection of context id {} is refused", peer.cid()));
                Ok(None)
            }
        }
    }
}

/// Whether it is the connection that failed, and not the listening.
fn ended_early(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, NotConnected, TimedOut};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionReset | Interrupted | NotConnected | TimedOut
    )
}
