//! The sign of life that `nitro-cli` waits for when it starts an enclave: one byte to the parent, which sends it back.

use crate::configuration::image::Image;
use crate::console::tell;
use std::io::{self, Read, Write};
use std::time::Duration;
use vsock::VsockStream;

/// The byte (`aws-nitro-enclaves-cli`'s and `-sdk-bootstrap`'s `HEART_BEAT`).
const HEARTBEAT: u8 = 0xb7;

/// How long the parent may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Gives the sign of life on a thread of its own, where the configuration has a port for it. It is given when hosts can
/// connect. Nobody need be there to see it: other starters of enclaves do not wait for one.
pub(crate) fn begin(image: &Image) {
    let Some(port) = image.heartbeat_port else { return };
    let parents = image.parents.clone();
    let given = std::thread::Builder::new().name("heartbeat".to_owned()).spawn(move || {
        let heard = parents.into_iter().find(|parent| beat(*parent, port).is_ok());
        match heard {
            Some(parent) => tell(format_args!("heartbeat answered by context id {parent}")),
            None => tell("heartbeat answered by nobody"),
        }
    });
    if let Err(error) = given {
        tell(format_args!("no heartbeat: {error}"));
    }
}

fn beat(parent: u32, port: u32) -> io::Result<()> {
    let mut stream = VsockStream::connect_with_cid_port(parent, port)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    answered(&mut stream)
}

fn answered(stream: &mut (impl Read + Write)) -> io::Result<()> {
    stream.write_all(&[HEARTBEAT])?;
    let mut answer = [0];
    stream.read_exact(&mut answer)?;
    match answer {
        [HEARTBEAT] => Ok(()),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    fn parent_that_answers(answer: &[u8]) -> io::Result<()> {
        let (mut ours, mut theirs) = UnixStream::pair()?;
        theirs.write_all(answer)?;
        theirs.shutdown(std::net::Shutdown::Write)?;
        let end = answered(&mut ours);
        let mut sent = [0];
        theirs.read_exact(&mut sent)?;
        assert_eq!(sent, [0xb7]);
        end
    }

    #[test]
    fn the_byte_is_sent_and_must_come_back() {
        assert!(parent_that_answers(&[0xb7]).is_ok());
        assert!(parent_that_answers(&[0xb8]).is_err());
        assert!(parent_that_answers(&[]).is_err());
    }
}
