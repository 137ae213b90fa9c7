//! Printing a metric that nobody has measured.

use std::io::{self, Write};
use std::process::ExitCode;

use super::pause;
use crate::kernel::{self, Fork, call};

/// Each word on a line of its own.
pub fn print(lines: &[&str]) -> io::Result<ExitCode> {
    lines.iter().for_each(|line| println!("{line}"));
    io::stdout().flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Far enough behind other output to be what a reader of the end finds first.
pub fn print_behind_noise(bytes: &str, lines: &[&str]) -> io::Result<ExitCode> {
    println!("{}", "x".repeat(crate::number(bytes)?));
    print(lines)
}

/// By a process that is still there when the harness has printed its own.
pub fn print_later(lines: &[&str]) -> io::Result<ExitCode> {
    if let Fork::Child = kernel::fork()? {
        call(libc::SYS_setsid, &[])?;
        pause(80);
        print(lines)?;
        kernel::exit(0)
    }
    Ok(ExitCode::SUCCESS)
}

/// And lets nobody print anything else.
pub fn print_and_end_harness(signal: &str, lines: &[&str]) -> io::Result<ExitCode> {
    print(lines)?;
    call(
        libc::SYS_kill,
        &[std::os::unix::process::parent_id() as usize, crate::number(signal)?],
    )?;
    pause(1000);
    Ok(ExitCode::SUCCESS)
}
