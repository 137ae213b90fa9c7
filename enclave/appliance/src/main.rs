//! The enclave: key keeper and job service (DESIGN 2, 5.3).
//!
//! One binary in three roles. Started by hand it is the **service**: before it has a thread it starts the **spawner**,
//! from which every container is forked, and then the **keeper**, the process with the key; then it listens, fetches what a
//! job names by hash, runs the trials and has the statement signed. All three are executables of their own from their first
//! instruction: none is a fork of another, so the key is in the keeper's memory and nowhere else.
//!
//! The host is an adversary here: all it can do is send bytes, which are checked against the hashes that the statement
//! will name, and be silent.

mod configuration;
mod job;
mod keeper;
mod platform;
mod service;

use configuration::{Configuration, Task, USAGE};
use keeper::Keeper;
use service::Service;
use std::process::ExitCode;
use std::sync::Mutex;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    match arguments.peek().map(String::as_str) {
        Some("keeper") => return keeper::main(),
        Some(orv_runner::HELPER_ARGUMENT) => return orv_runner::helper_main(),
        Some("--help" | "-h") => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let configuration = match Configuration::parse(arguments) {
        Ok(configuration) => configuration,
        Err(error) => {
            eprintln!("orv-enclave: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match start(&configuration) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("orv-enclave: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start(configuration: &Configuration) -> Result<(), Box<dyn std::error::Error>> {
    if configuration.task == Task::Measure {
        println!("{}", platform::measurement(configuration)?);
        return Ok(());
    }
    // The process that every container is forked from: before any thread, and before there is a key.
    let workbench = Mutex::new(job::Workbench::new(configuration)?);
    let keeper = Keeper::start()?;
    let endorser = platform::endorser(configuration)?;
    service::serve(
        configuration,
        Service {
            keeper,
            endorser,
            workbench,
        },
    )?;
    Ok(())
}
