//! Every figure in PERFORMANCE.md, each from one command.
//!
//! A figure is worth something only beside another that was taken in the same run: what is measured and what it is
//! compared with alternate, medians are compared, and intervals are of order statistics. Nothing here fails because a
//! target is missed; the document says so, and who reads it decides.

mod account;
mod arguments;
mod attestation;
mod content;
mod cost;
mod document;
mod error;
mod inside;
mod operator;
mod output;
mod runner;
mod stage;
mod statistics;
mod verdict;

use crate::arguments::{Arguments, Subject};
use crate::document::{Document, Section};
use crate::error::BenchError;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    match words.next().as_deref() {
        Some(orv_runner::HELPER_ARGUMENT) => return orv_runner::helper_main(),
        Some(inside::ARGUMENT) => return ended(inside::run(words)),
        _ => {}
    }
    let arguments = Arguments::parse();
    match sections(&arguments.subject) {
        Ok(sections) => ended(output::answer(&Document::of(sections).printed(arguments.form()))),
        Err(error) => {
            output::tell(&format!("{} {error}", error.code()));
            if arguments.json {
                // Why there are no figures has been told already.
                let _ = output::answer(&document::failure(&error));
            }
            ExitCode::FAILURE
        }
    }
}

/// The end of what has nothing but its answer to tell.
fn ended(answer: std::io::Result<()>) -> ExitCode {
    match answer {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::tell(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn sections(subject: &Subject) -> Result<Vec<Section>, BenchError> {
    Ok(match subject {
        Subject::Runner(arguments) => runner::run(arguments)?,
        Subject::Content(arguments) => content::run(arguments)?,
        Subject::Attestation(arguments) => attestation::run(arguments)?,
        Subject::Verdict(arguments) => verdict::run(arguments)?,
        Subject::Operator(arguments) => operator::run(arguments)?,
    })
}
