//! The demo: the whole way of a proposal on this machine, through the programs that a user starts.
//!
//! It links none of their libraries. Whatever it shows was done by `orv`, `orv-enclave` and `orv-audit` over their own
//! command lines, and what it prints was read from their answers.

mod arguments;
mod network;
mod output;
mod program;
mod proposals;
mod scenario;
mod summary;

use arguments::Arguments;
use clap::Parser;
use std::process::ExitCode;
use summary::Summary;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match scenario::run(&arguments) {
        Ok(summary) => end(&summary, &arguments),
        Err(error) => {
            output::tell(&format!("ORV-D-001 the demo stopped: {error}"));
            if arguments.json {
                let document = serde_json::json!({
                    "schema": summary::SCHEMA, "code": "ORV-D-001", "error": error.to_string(),
                });
                // Why it stopped has been told already.
                let _ = output::answer(&document.to_string());
            }
            ExitCode::FAILURE
        }
    }
}

/// Prints what happened; an answer that cannot be written is a failure, whatever it says.
fn end(summary: &Summary, arguments: &Arguments) -> ExitCode {
    match output::answer(&summary.printed(arguments)) {
        Ok(()) if summary.is_complete() => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        Err(error) => {
            output::tell(&format!("ORV-D-001 the answer could not be written: {error}"));
            ExitCode::FAILURE
        }
    }
}
