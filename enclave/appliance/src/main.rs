//! The enclave: init, key keeper and job service (DESIGN 2, 5.3).
//!
//! One binary in four roles. As the first process of an image it is **init**, which makes the machine ready, starts the
//! service and outlives it. The **service** starts, before it has a thread, the **spawner**, from which every container is
//! forked, and then the **keeper**, the process with the key; then it listens, fetches what a job names by hash, runs the
//! trials and has the statement signed. All are executables of their own from their first instruction: none is a fork of
//! another, so the key is in the keeper's memory and nowhere else. Started by hand the program is the service alone.
//!
//! The host is an adversary here: all it can do is send bytes, which are checked against the hashes that the statement
//! will name, and be silent.

mod configuration;
mod console;
mod init;
mod job;
mod keeper;
mod last_words;
mod platform;
mod service;
mod start;

use std::process::ExitCode;

fn main() -> ExitCode {
    // First of all: whoever appends to the kernel's command line chooses the arguments of the first process.
    if init::is_wanted() {
        init::main();
    }
    let mut arguments = std::env::args().skip(1).peekable();
    match arguments.peek().map(String::as_str) {
        Some("keeper") => keeper::main(),
        Some(orv_runner::HELPER_ARGUMENT) => orv_runner::helper_main(),
        Some(init::SERVICE) => start::in_an_image(),
        Some("--help" | "-h") => {
            console::say(configuration::command_line::USAGE);
            ExitCode::SUCCESS
        }
        _ => start::by_hand(arguments),
    }
}
