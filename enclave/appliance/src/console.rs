//! The console: terse lines that nobody may be there to read.
//!
//! A machine without a serial port has a console that takes no byte. `println!` would panic there, so nothing in this
//! program uses it: what a host must know goes over vsock, and a line that cannot be written is dropped.

use std::fmt::Display;
use std::io::{self, Write};

/// Tells whoever watches, on standard error.
pub(crate) fn tell(line: impl Display) {
    // In one write: other processes of the enclave tell things, too.
    let _ = io::stderr().write_all(format!("orv-enclave: {line}\n").as_bytes());
}

/// Says what a program that started this one may wait for, on standard output.
pub(crate) fn say(line: impl Display) {
    let mut output = io::stdout();
    let _ = output.write_all(format!("{line}\n").as_bytes());
    let _ = output.flush();
}
