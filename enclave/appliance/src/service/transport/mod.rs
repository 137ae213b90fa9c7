//! Listening sockets: vsock in an enclave, unix sockets in development.

use crate::configuration::{Configuration, Listen, Patience, Peers};
use crate::console::tell;
use orv_wire::Stream;
use std::io;
use std::os::unix::net::UnixListener;
use vsock::{VMADDR_CID_ANY, VsockListener};

pub(super) use peer::Peer;

mod peer;

/// A listening socket.
pub(super) struct Listener {
    socket: Socket,
    patience: Patience,
}

enum Socket {
    Unix(UnixListener),
    Vsock { listener: VsockListener, peers: Peers },
}

impl Listener {
    pub(super) fn bind(configuration: &Configuration) -> io::Result<Self> {
        let socket = match &configuration.listen {
            Listen::Unix(path) => {
                match std::fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
                Socket::Unix(UnixListener::bind(path)?)
            }
            Listen::Vsock { port, peers } => {
                let listener = VsockListener::bind_with_cid_port(VMADDR_CID_ANY, *port)?;
                let peers = peers.clone();
                Socket::Vsock { listener, peers }
            }
        };
        let patience = configuration.patience;
        Ok(Self { socket, patience })
    }

    /// The next connection; nothing where it ended before it began, or came from somebody who may not speak.
    pub(super) fn accept(&self) -> io::Result<Option<Peer>> {
        let stream = match self.accept_any() {
            Ok(Some(stream)) => stream,
            Ok(None) => return Ok(None),
            Err(error) if ended_early(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Peer::new(stream, self.patience.segment).ok())
    }

    fn accept_any(&self) -> io::Result<Option<Stream>> {
        match &self.socket {
            Socket::Unix(listener) => Ok(Some(Stream::Unix(listener.accept()?.0))),
            Socket::Vsock { listener, peers } => {
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
