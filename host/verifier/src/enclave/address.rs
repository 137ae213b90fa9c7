//! Where the enclave listens, and connections to it.

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

/// The address of an enclave: `unix:PATH` or `vsock:CID:PORT`.
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
}

/// Text that is no enclave's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither unix:PATH nor vsock:CID:PORT")]
pub struct NotAnAddress(pub String);

impl EnclaveAddress {
    /// Connects. Blocks.
    ///
    /// # Errors
    /// The system's reason.
    pub fn connect(&self) -> io::Result<Stream> {
        let stream = match self {
            Self::Unix(path) => Stream::Unix(UnixStream::connect(path)?),
            Self::Vsock { cid, port } => Stream::Vsock(VsockStream::connect(&VsockAddr::new(*cid, *port))?),
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
        }
    }
}

impl FromStr for EnclaveAddress {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let refuse = || NotAnAddress(text.chars().take(200).collect());
        if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
            return Ok(Self::Unix(PathBuf::from(path)));
        }
        let numbers = text
            .strip_prefix("vsock:")
            .and_then(|rest| rest.split_once(':'))
            .ok_or_else(refuse)?;
        match (numbers.0.parse(), numbers.1.parse()) {
            (Ok(cid), Ok(port)) => Ok(Self::Vsock { cid, port }),
            _ => Err(refuse()),
        }
    }
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
    fn both_kinds_of_address_read_back() {
        for text in ["unix:/run/orv/enclave.sock", "vsock:16:5005"] {
            assert_eq!(text.parse::<EnclaveAddress>().unwrap().to_string(), text);
        }
        for text in ["unix:", "vsock:16", "vsock:x:1", "tcp:1.2.3.4:5", ""] {
            assert!(text.parse::<EnclaveAddress>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_an_address_or_a_typed_error(text in ".{0,60}") {
            let _ = text.parse::<EnclaveAddress>();
        }
    }
}
