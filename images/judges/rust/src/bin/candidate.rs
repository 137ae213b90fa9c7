//! The candidate's side: one line in, one line out. `sort.rs` is what proposals change; a project of its own builds this
//! program from it in its setup commands.

#[path = "../../repository/sort.rs"]
mod sort;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::ExitCode;

use orv_reference_judge::{LONGEST_LINE, channel, parse, write};

fn main() -> ExitCode {
    let mut channel = BufReader::new(channel());
    loop {
        let mut question = String::new();
        match channel.by_ref().take(LONGEST_LINE).read_line(&mut question) {
            // The judge has nothing more to ask.
            Ok(0) => return ExitCode::SUCCESS,
            Ok(_) => {}
            Err(_) => return ExitCode::FAILURE,
        }
        let Some(mut numbers) = parse(&question) else {
            return ExitCode::FAILURE;
        };
        sort::sort(&mut numbers);
        // One write, one line: whatever is sent beside it voids the trial.
        if channel.get_mut().write_all(write(&numbers).as_bytes()).is_err() {
            return ExitCode::FAILURE;
        }
    }
}
