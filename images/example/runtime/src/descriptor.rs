//! Descriptors that the process was started with, by their number. The only unsafe code of the interpreter.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

/// Duplicates take numbers from here on, so that 3 and 4 stay what they were.
const FIRST_DUPLICATE: libc::c_int = 10;

/// A duplicate of descriptor `number`, closed on exec.
///
/// # Errors
/// `EBADF` where the process was started without this descriptor.
pub fn duplicate(number: i32) -> io::Result<File> {
    // SAFETY: the call takes and returns plain integers; the kernel refuses a number that is not open.
    let duplicate = unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, FIRST_DUPLICATE) };
    if duplicate < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just created this descriptor for us, and nothing else holds its number.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(duplicate) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_not_open_is_an_error() {
        assert_eq!(duplicate(9_999).unwrap_err().raw_os_error(), Some(libc::EBADF));
    }
}
