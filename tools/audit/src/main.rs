//! `orv-audit`: checks a receipt offline, from the file alone.
//!
//! It needs no enclave, no chain, no network and no trust in whoever handed over the file. Every check is one line
//! with its result and reason, and what a receipt can never prove is said beside what it proves.

mod command_line;
mod evidence;
mod information;
mod report;
mod verdict;

use clap::Parser;
use command_line::{Command, CommandLine, Output};
use orv_receipt::MAX_RECEIPT;
use report::Audit;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Command::Receipt(request) = CommandLine::parse().command;
    let bytes = match read(&request.file) {
        Ok(bytes) => bytes,
        Err(error) => return report::unreadable(&request, &error),
    };
    let audit = Audit::of(&bytes, &request);
    let text = match request.output() {
        Output::Text => audit.text(),
        Output::Json => format!("{}\n", audit.json()),
    };
    match print(&text) {
        // A reader that has seen enough of it (`| head`) changes nothing: the exit status still tells.
        Ok(()) => audit.exit_code(),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => audit.exit_code(),
        Err(error) => {
            eprintln!("ORV-A-002 the report could not be written: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// The file, but of one that is too long for a receipt only as much as shows it.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_RECEIPT as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
