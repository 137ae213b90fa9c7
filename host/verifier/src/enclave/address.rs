//! Where the enclave listens, and connections to it.

use super::hybrid;
use orv_wire::Stream;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use vsock::{VsockAddr, VsockStream};

/// How long one frame may take once it has begun.
const FRAME_PATIENCE: Duration = Duration::from_secs(120);

/// The address of an enclave: `unix:PATH`, `vsock:CID:PORT` or `hybrid:PATH:PORT`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum EnclaveAddress {
    /// A unix socket, for development.
    Unix(PathBuf),
    /// A vsock port of an enclave on this machine.
    Vsock {
        /// The enclave's context id.
        cid: u32,
        /// The port.
        port: u32,
    },
    /// A vsock port behind the unix socket of a device that runs beside the machine, as `vhost-device-vsock` and
    /// Firecracker have it.
    Hybrid {
        /// The device's socket.
        socket: PathBuf,
        /// The port.
        port: u32,
    },
}

/// Text that is no enclave's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of unix:PATH, vsock:CID:PORT, hybrid:PATH:PORT")]
pub struct NotAnAddress(pub String);

impl EnclaveAddress {
    /// Connects. Blocks.
    ///
    /// # Errors
    /// The system's reason, or that nobody listens on a port behind the device.
    pub fn connect(&self) -> io::Result<Stream> {
        let stream = match self {
            Self::Unix(path) => Stream::Unix(UnixStream::connect(path)?),
            Self::Vsock { cid, port } => Stream::Vsock(VsockStream::connect(&VsockAddr::new(*cid, *port))?),
            Self::Hybrid { socket, port } => Stream::Unix(hybrid::connect(socket, *port)?),
        };
        stream.set_patience(FRAME_PATIENCE)?;
        Ok(stream)
    }
}

impl fmt::Display for EnclaveAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
            Self::Vsock { cid, port } => write!(formatter, "vsock:{cid}:{port}"),
            Self::Hybrid { socket, port } => write!(formatter, "hybrid:{}:{port}", socket.display()),
        }
    }
}

impl FromStr for EnclaveAddress {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let known = text.split_once(':').and_then(|(kind, rest)| match kind {
            "unix" => Some(Self::Unix(path(rest)?)),
            "vsock" => {
                let (cid, port) = rest.split_once(':')?;
                Some(Self::Vsock {
                    cid: cid.parse().ok()?,
                    port: port.parse().ok()?,
                })
            }
            "hybrid" => {
                let (socket, port) = rest.rsplit_once(':')?;
                Some(Self::Hybrid {
                    socket: path(socket)?,
                    port: port.parse().ok()?,
                })
            }
            _ => None,
        });
        known.ok_or_else(|| NotAnAddress(text.chars().take(200).collect()))
    }
}

fn path(text: &str) -> Option<PathBuf> {
    (!text.is_empty()).then(|| PathBuf::from(text))
}

impl From<EnclaveAddress> for String {
    fn from(address: EnclaveAddress) -> Self {
        address.to_string()
    }
}

impl TryFrom<String> for EnclaveAddress {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Self, NotAnAddress> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_kind_of_address_reads_back() {
        for text in [
            "unix:/run/orv/enclave.sock",
            "vsock:16:5005",
            "hybrid:/run/orv/vm.vsock:5000",
            "hybrid:/run/with:colon:5000",
        ] {
            assert_eq!(text.parse::<EnclaveAddress>().unwrap().to_string(), text);
        }
        for text in [
            "unix:",
            "vsock:16",
            "vsock:x:1",
            "hybrid:/run/vm.vsock",
            "hybrid::5000",
            "hybrid:/run/vm.vsock:-1",
            "tcp:1.2.3.4:5",
            "",
        ] {
            assert!(text.parse::<EnclaveAddress>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_an_address_or_a_typed_error(text in ".{0,60}") {
            let _ = text.parse::<EnclaveAddress>();
        }

        #[test]
        fn any_words_after_a_known_kind_give_an_address_or_a_typed_error(
            kind in "(unix|vsock|hybrid)", rest in "[:/0-9a-z]{0,20}"
        ) {
            if let Ok(address) = format!("{kind}:{rest}").parse::<EnclaveAddress>() {
                prop_assert_eq!(address.to_string().parse(), Ok(address));
            }
        }
    }
}
