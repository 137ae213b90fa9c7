//! `orv-audit`: checks what enclaves signed and what hardware said of them, offline, from files alone.
//!
//! It needs no enclave, no chain, no network and no trust in whoever handed over the file; only `replay` reaches for
//! storage nodes, where it is asked to. Every check is one line
//! with its result and reason, and what can never be proven is said beside what is.

mod collateral;
mod command_line;
mod evidence;
mod explain;
mod line;
mod measure;
mod output;
mod page;
mod receipt;
mod replay;
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
    match CommandLine::parse().command {
        Command::Receipt(request) => receipt::run(&request),
        Command::Evidence(request) => evidence::run(&request),
        Command::Explain(request) => explain::run(&request),
        Command::Replay(request) => replay::run(&request),
        Command::Measure(request) => measure::run(&request),
    }
}
