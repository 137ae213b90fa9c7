//! Vsock behind a unix socket: the convention of Firecracker's device, which `vhost-device-vsock` keeps too.
//!
//! Whoever connects to the device's socket and writes `CONNECT <port>\n` reads `OK <number>\n`, and from then on speaks with
//! that port of the guest. Where nobody listens there, the device closes the connection. The other way round, a guest that
//! connects to its parent's port `P` reaches the unix socket `<device's socket>_P`.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the device may take to reach the guest. The guest's system gives up after two seconds; one that is still
/// booting takes longer to.
const PATIENCE: Duration = Duration::from_secs(30);

/// Longest answer of the device, `OK 4294967295\n` being the longest that is one.
const LONGEST_ANSWER: usize = 32;

/// Connects to a port of the guest. Blocks.
pub(super) fn connect(socket: &Path, port: u32) -> io::Result<UnixStream> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(format!("CONNECT {port}\n").as_bytes())?;
    let answer = read_line(&mut stream).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => io::Error::new(
            io::ErrorKind::ConnectionRefused,
            format!("nobody listens on port {port}"),
        ),
        _ => error,
    })?;
    match answer.strip_prefix("OK ").map(str::parse::<u32>) {
        Some(Ok(_)) => Ok(stream),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the vsock device answered {answer:?}"),
        )),
    }
}

/// The unix socket that a guest reaches at one of its parent's ports.
pub(super) fn parent_port(socket: &Path, port: u32) -> PathBuf {
    let mut path = OsString::from(socket);
    path.push(format!("_{port}"));
    path.into()
}

/// One line, byte by byte: what follows it is the guest's already.
fn read_line(stream: &mut impl Read) -> io::Result<String> {
    let mut line = Vec::with_capacity(LONGEST_ANSWER);
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        match byte {
            [b'\n'] => break,
            [byte] if line.len() < LONGEST_ANSWER => line.push(byte),
            _ => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the vsock device answers without end",
                ));
            }
        }
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::os::unix::net::UnixListener;
    use std::thread;

    /// Connects to port 5000 of a device that answers so, and tells what the guest said first.
    fn answered(answer: &'static [u8]) -> io::Result<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vm.vsock");
        let listener = UnixListener::bind(&path).unwrap();
        let device = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = String::new();
            BufReader::new(stream.try_clone().unwrap())
                .read_line(&mut asked)
                .unwrap();
            assert_eq!(asked, "CONNECT 5000\n");
            stream.write_all(answer).unwrap();
        });
        let connected = connect(&path, 5000);
        device.join().unwrap();
        let mut said = String::new();
        connected?.read_to_string(&mut said)?;
        Ok(said)
    }

    #[test]
    fn what_follows_the_answer_is_the_guests() {
        assert_eq!(answered(b"OK 1073741824\nfirst\nsecond").unwrap(), "first\nsecond");
    }

    #[test]
    fn a_port_without_listener_is_a_refused_connection_that_names_the_port() {
        let error = answered(b"").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(error.to_string(), "nobody listens on port 5000");
    }

    #[test]
    fn an_answer_that_is_none_is_refused() {
        for answer in [
            b"OK\n".as_slice(),
            b"OK x\n",
            b"HTTP/1.1 200\n",
            b"\xff\n",
            &[b'O'; 100],
        ] {
            let error = answered(answer).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{answer:?}");
        }
    }

    #[test]
    fn the_parents_ports_are_beside_the_devices_socket() {
        assert_eq!(
            parent_port(Path::new("/run/vm.vsock"), 5001),
            Path::new("/run/vm.vsock_5001")
        );
    }
}
