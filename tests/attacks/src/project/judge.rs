//! The judge: asks for squares, checks every answer, and writes the cost on descriptor 4.

use std::fs;
use std::io::{self, Write};
use std::process::ExitCode;

use super::{Channel, HONEST, pause};
use crate::kernel;

/// Questions of one trial.
const QUESTIONS: u64 = 3;
/// Between two questions of a judge that takes its time, in milliseconds.
const THOUGHT: u64 = 1000;

/// Kinds: `squares` asks at once; `slow` thinks before each question; `work` counts what the candidate says it has worked
/// ahead; `seeded` asks for what only its seed tells; `deaf` takes any line for an answer, as a careless judge does.
pub fn run(kind: &str) -> io::Result<ExitCode> {
    let mut channel = Channel::open()?;
    let mut metric = kernel::own(4);
    let mut cost = HONEST;
    if kind == "marked" {
        // Something of the judge's that stands in its command line and in its files.
        let _ = fs::read_to_string("/judge/answers")?;
    }
    let first = first_question(kind)?;
    for question in first..first + QUESTIONS {
        if matches!(kind, "slow" | "work") {
            pause(THOUGHT);
        }
        channel.send(&format!(r#"{{"square":{question}}}"#))?;
        let Some(answer) = channel.receive()? else {
            eprintln!("the candidate has left");
            return Ok(ExitCode::FAILURE);
        };
        let (square, ahead) = answer.split_once(' ').unwrap_or((&answer, "0"));
        match kind {
            "work" => cost -= ahead.parse::<i64>().unwrap_or(0).min(200),
            // Each answer that was there before its question is worth something to whoever sent it.
            "deaf" if answer != format!("{}", question * question) => cost -= 1,
            "seeded" if square == secret(question)? => cost -= 1,
            "seeded" => {}
            _ if square != format!("{}", question * question) => cost += 100,
            _ => {}
        }
    }
    writeln!(metric, "{cost}")?;
    Ok(ExitCode::SUCCESS)
}

fn first_question(kind: &str) -> io::Result<u64> {
    if kind != "seeded" {
        return Ok(2);
    }
    let seed = std::env::var("ORV_SEED").map_err(|error| io::Error::other(error.to_string()))?;
    let digits = seed.get(..4).ok_or_else(|| io::Error::other("the seed is short"))?;
    u64::from_str_radix(digits, 16).map_err(|error| io::Error::other(error.to_string()))
}

/// What the answer to a seeded question is: nobody can compute it who does not know the seed.
fn secret(question: u64) -> io::Result<String> {
    let seed = std::env::var("ORV_SEED").map_err(|error| io::Error::other(error.to_string()))?;
    Ok(format!("{}-{question}", seed.get(..8).unwrap_or_default()))
}
