//! Listening sockets: vsock in an enclave, unix sockets in development.

use crate::configuration::Listen;
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
    Vsock(VsockListener),
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
            Listen::Vsock(port) => VsockListener::bind_with_cid_port(VMADDR_CID_ANY, *port).map(Self::Vsock),
        }
    }

    pub(super) fn accept(&self) -> io::Result<Stream> {
        let stream = match self {
            Self::Unix(listener) => Stream::Unix(listener.accept()?.0),
            Self::Vsock(listener) => Stream::Vsock(listener.accept()?.0),
        };
        stream.set_patience(PATIENCE)?;
        Ok(stream)
    }
}
