//! `orv-audit`: checks what enclaves signed and what hardware said of them, offline, from files alone.
//!
//! It needs no enclave, no chain, no network and no trust in whoever handed over the file. Only `registry` asks a chain,
//! and it and `replay` ask storage nodes, of which neither is believed more than it says. Every check is one line with
//! its result and reason, and what can never be proven is said beside what is.

mod collateral;
mod command_line;
mod evidence;
mod explain;
mod line;
mod measure;
mod output;
mod page;
mod receipt;
mod registry;
mod replay;
mod source;
mod trust;

use clap::Parser;
use command_line::{Command, CommandLine};
use std::process::ExitCode;

fn main() -> ExitCode {
    // A container's first process is this program once more; nothing may have been started before it.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|argument| argument == orv_runner::HELPER_ARGUMENT)
    {
        return orv_runner::helper_main();
    }
    let command = match CommandLine::try_parse() {
        Ok(line) => line.command,
        Err(error) => return command_line::refuse(&error),
    };
    match command {
        Command::Receipt(request) => receipt::run(&request),
        Command::Evidence(request) => evidence::run(&request),
        Command::Explain(request) => explain::run(&request),
        Command::Replay(request) => replay::run(&request),
        Command::Registry(request) => registry::run(&request),
        Command::Measure(request) => measure::run(&request),
    }
}
