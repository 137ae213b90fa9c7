//! The suite's two projects: a shared one, whose harness runs the candidate's program and prints a metric, and a split
//! one, whose judge asks a candidate for squares.
//!
//! The candidate's program is the first line of `/work/solution`, words of this executable; the harness's own part is
//! `/work/bench.conf`. The metric is a cost: an honest candidate gets 1000, and whoever gets less has forged it.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::{Words, kernel};

mod candidate;
mod forge;
mod judge;

/// What an honest candidate costs.
pub(crate) const HONEST: i64 = 1000;
const SOLUTION: &str = "/work/solution";

/// Runs a part of a project; `None` when the words are no part of one.
pub fn run(words: Words<'_>) -> Option<ExitCode> {
    let ended = match words {
        ["harness"] => harness(),
        ["judge", kind] => judge::run(kind),
        ["candidate"] => candidate::run(),
        ["setup"] => setup(),
        ["print", lines @ ..] => forge::print(lines),
        ["print-noise", bytes, lines @ ..] => forge::print_behind_noise(bytes, lines),
        ["print-later", lines @ ..] => forge::print_later(lines),
        ["print-and-leave", lines @ ..] => forge::print(lines).map(|_| kernel::exit(0)),
        ["print-and-fail", lines @ ..] => forge::print(lines).map(|_| ExitCode::FAILURE),
        ["print-and-end-harness", signal, lines @ ..] => forge::print_and_end_harness(signal, lines),
        _ => return None,
    };
    Some(match ended {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    })
}

/// The candidate's words.
pub(crate) fn solution() -> io::Result<Vec<String>> {
    let text = fs::read_to_string(SOLUTION)?;
    Ok(text.split_ascii_whitespace().map(str::to_owned).collect())
}

/// Runs the candidate's program, then prints the metric that `bench.conf` says, where it says: `COST STREAM MODE`.
fn harness() -> io::Result<ExitCode> {
    let configuration = fs::read_to_string("/work/bench.conf")?;
    let words: Vec<&str> = configuration.split_ascii_whitespace().collect();
    let [cost, stream, mode] = words.as_slice() else {
        return Err(io::Error::other("bench.conf is not three words"));
    };
    // A module of the harness that anyone may bring along, as a Python program's imports may.
    let cost = fs::read_to_string("/work/json.module").map_or((*cost).to_owned(), |text| text.trim().to_owned());
    // A number that the candidate has computed, in a file.
    let told = || fs::read_to_string("/work/result").map_or(cost.clone(), |text| text.trim().to_owned());
    let words = solution()?;
    if *mode == "within" {
        // As a harness in one language with its candidate calls it.
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let _ = crate::run(&words);
        println!("METRIC={cost}");
        return Ok(ExitCode::SUCCESS);
    }
    let status = Command::new("/proc/self/exe").args(words).status()?;
    if *mode == "checked" && !status.success() {
        return Ok(ExitCode::FAILURE);
    }
    let cost = if *mode == "told" { told() } else { cost };
    match *stream {
        "stdout" => println!("METRIC={cost}"),
        _ => eprintln!("METRIC={cost}"),
    }
    if *mode == "lingering" {
        pause(200);
    }
    Ok(ExitCode::SUCCESS)
}

/// A build step that runs the candidate's own recipe.
fn setup() -> io::Result<ExitCode> {
    let recipe = fs::read_to_string("/work/recipe").unwrap_or_default();
    let words: Vec<&str> = recipe.split_ascii_whitespace().collect();
    Ok(if words.is_empty() {
        ExitCode::SUCCESS
    } else {
        crate::run(&words)
    })
}

/// The line channel.
pub(crate) struct Channel {
    reader: BufReader<File>,
    writer: File,
}

impl Channel {
    pub(crate) fn open() -> io::Result<Self> {
        let writer = kernel::own(3);
        Ok(Channel {
            reader: BufReader::new(writer.try_clone()?),
            writer,
        })
    }

    pub(crate) fn send(&mut self, line: &str) -> io::Result<()> {
        self.writer.write_all(format!("{line}\n").as_bytes())
    }

    pub(crate) fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)
    }

    /// `None` when the other side is gone.
    pub(crate) fn receive(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        match self.reader.read_line(&mut line)? {
            0 => Ok(None),
            _ => Ok(Some(line.trim_end().to_owned())),
        }
    }
}

pub(crate) fn pause(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}
