//! A judge to start from: it asks, checks every answer itself, and says on descriptor 4 what came of it.
//!
//! The task here is to sort lists of numbers, and the metric is the time of the windows, so all it ever writes is `ok`.
//! A judge that counts something writes one plain decimal number in its place. `reference-judge [ROUNDS [LENGTH]]`.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use orv_reference_judge::{LONGEST_LINE, Numbers, channel, metric, parse, write};

const ROUNDS: usize = 40;
const LENGTH: usize = 4000;

fn main() -> ExitCode {
    match judge() {
        Ok(()) => ExitCode::SUCCESS,
        // No metric and a status that is not zero: the trial does not count, and nobody is slashed for it.
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn judge() -> Result<(), String> {
    let seed = env::var("ORV_SEED").map_err(|error| format!("ORV_SEED: {error}"))?;
    let mut numbers = Numbers::of_seed(&seed).ok_or("ORV_SEED is not 64 hexadecimal digits")?;
    let (rounds, length) = (argument(1, ROUNDS)?, argument(2, LENGTH)?);
    let mut channel = BufReader::new(channel());
    for round in 0..rounds {
        let mut question: Vec<u64> = (0..length).map(|_| numbers.draw()).collect();
        let answer = ask(&mut channel, &question).map_err(|reason| format!("answer {round}: {reason}"))?;
        question.sort_unstable();
        if answer != question {
            return Err(format!("answer {round} is not the list in order"));
        }
    }
    metric()
        .write_all(b"ok\n")
        .map_err(|error| format!("the metric: {error}"))
}

fn argument(place: usize, default: usize) -> Result<usize, String> {
    match env::args().nth(place) {
        Some(text) => text.parse().map_err(|_| format!("{text:?} is not a number")),
        None => Ok(default),
    }
}

/// Sends one line and waits for the answer's. The candidate may send anything, or leave.
fn ask(channel: &mut BufReader<UnixStream>, question: &[u64]) -> Result<Vec<u64>, String> {
    let sent = channel.get_mut().write_all(write(question).as_bytes());
    sent.map_err(|error| format!("the question was not sent: {error}"))?;
    let mut answer = String::new();
    let read = channel.by_ref().take(LONGEST_LINE + 1).read_line(&mut answer);
    read.map_err(|error| format!("not read: {error}"))?;
    if !answer.ends_with('\n') {
        return Err("the candidate left before it answered".to_owned());
    }
    parse(&answer).ok_or_else(|| "not a list of whole numbers".to_owned())
}
