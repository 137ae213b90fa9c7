//! The two sides of a split run, doing nothing but talking.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::RawFd;
use std::time::Instant;

/// Sends `requests` lines, each after the answer to the one before, and prints how long each took.
pub(super) fn judge(descriptor: RawFd, requests: u32) -> io::Result<()> {
    let mut channel = BufReader::new(inherited(descriptor)?);
    let mut times = Vec::new();
    let mut answer = String::new();
    for request in 0..requests {
        let question = format!("{{\"request\":{request}}}\n");
        let begun = Instant::now();
        channel.get_mut().write_all(question.as_bytes())?;
        answer.clear();
        channel.read_line(&mut answer)?;
        times.push(begun.elapsed());
        if answer != question {
            return Err(io::Error::from(io::ErrorKind::InvalidData));
        }
    }
    let mut out = io::stdout().lock();
    times.iter().try_for_each(|time| writeln!(out, "{}", time.as_nanos()))
}

/// Gives back every line until the other side is gone.
pub(super) fn candidate(descriptor: RawFd) -> io::Result<()> {
    let mut channel = BufReader::new(inherited(descriptor)?);
    let mut line = String::new();
    while channel.read_line(&mut line)? != 0 {
        channel.get_mut().write_all(line.as_bytes())?;
        line.clear();
    }
    Ok(())
}

/// A copy of a descriptor that another process gave to this one.
#[allow(unsafe_code)]
pub(crate) fn inherited(descriptor: RawFd) -> io::Result<File> {
    use std::os::fd::BorrowedFd;
    if descriptor < 0 {
        return Err(io::Error::from_raw_os_error(nix::errno::Errno::EBADF as i32));
    }
    // SAFETY: it is not -1, and a copy is made at once; where nothing is open under the number, that fails.
    let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
    borrowed.try_clone_to_owned().map(File::from)
}
