//! The hostile miner's programs: one static executable, one attack for each first word of its command line.
//!
//! An attack prints one line: `got …` with what it got, or `held: …` with what kept it. The suite does not take its word
//! where it can look for itself, from outside the container. The same executable is the image's shell (`bash -c LINE`,
//! plain words only), the harness of the suite's shared project, and the judge of its split project: [`project`].

mod calls;
mod files;
mod kernel;
mod limits;
mod network;
mod persistence;
mod processes;
mod project;

use std::io;
use std::process::ExitCode;

/// What an attack got, or what kept it.
pub(crate) type Attempt = io::Result<String>;

/// Words of a command line, the program's name left out.
pub(crate) type Words<'a> = &'a [&'a str];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [shell, "-c", line] if shell.ends_with("bash") => {
            run(&line.split_ascii_whitespace().skip(1).collect::<Vec<_>>())
        }
        [_, words @ ..] => run(words),
        [] => ExitCode::from(2),
    }
}

fn run(words: Words<'_>) -> ExitCode {
    if let Some(code) = project::run(words) {
        return code;
    }
    match attempt(words) {
        Ok(got) => println!("got {got}"),
        Err(error) => println!("held: {error}"),
    }
    ExitCode::SUCCESS
}

/// Each module knows its own words.
fn attempt(words: Words<'_>) -> Attempt {
    let all = [
        calls::attempt,
        files::attempt,
        limits::attempt,
        network::attempt,
        persistence::attempt,
        processes::attempt,
    ];
    all.into_iter()
        .find_map(|module| module(words))
        .unwrap_or_else(|| Err(held(format!("no attack is called {words:?}"))))
}

/// An attempt that came to nothing, in words.
pub(crate) fn held(reason: impl Into<String>) -> io::Error {
    io::Error::other(reason.into())
}

/// A number of the command line.
pub(crate) fn number<T: std::str::FromStr>(word: &str) -> io::Result<T> {
    word.parse().map_err(|_| held(format!("{word} is no number")))
}
