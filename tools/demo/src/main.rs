//! The demo: the whole way of a proposal on this machine, through the programs that a user starts.
//!
//! It links none of their libraries. Whatever it shows was done by `orv`, `orv-enclave` and `orv-audit` over their own
//! command lines, and what it prints was read from their answers.

mod arguments;
mod network;
mod program;
mod proposals;
mod scenario;
mod summary;

use arguments::Arguments;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match scenario::run(&arguments) {
        Ok(summary) => {
            summary.print(&arguments);
            if summary.is_complete() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            eprintln!("ORV-D-001 the demo stopped: {error}");
            if arguments.json {
                println!(
                    "{}",
                    serde_json::json!({"schema": summary::SCHEMA, "error": error.to_string()})
                );
            }
            ExitCode::FAILURE
        }
    }
}
