//! What reaches stdout and stderr.

use std::io::{self, ErrorKind, Write};

/// The answer on stdout. A reader that has seen enough (`| head`) changes nothing: the exit status still tells.
pub(crate) fn answer(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Words for people on stderr.
pub(crate) fn tell(text: &str) {
    // Where stderr is closed nobody wants to be told.
    let _ = writeln!(io::stderr().lock(), "{text}");
}
