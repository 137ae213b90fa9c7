//! The command line.

use crate::document::Form;
use crate::{attestation, content, operator, runner, verdict};
use clap::{Parser, Subcommand};

/// Measures this build on this machine, beside what it is compared with.
#[derive(Debug, Parser)]
#[command(name = "orv-bench", version, about)]
pub(crate) struct Arguments {
    /// Print one JSON document (schema orv.bench/1) on the last line.
    #[arg(long, global = true, conflicts_with = "markdown")]
    pub(crate) json: bool,
    /// Print the tables as they stand in PERFORMANCE.md.
    #[arg(long, global = true)]
    pub(crate) markdown: bool,
    #[command(subcommand)]
    pub(crate) subject: Subject,
}

/// What is measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Subject {
    /// Starting a container, how faithful its measurements are, what a trial and a relayed request cost.
    Runner(runner::Arguments),
    /// Roots, the stream into the enclave, unpacking.
    Content(content::Arguments),
    /// Verifying evidence, cold and warm, beside other verifiers.
    Attestation(attestation::Arguments),
    /// How often the timed rule is wrong, by effect size and noise.
    Verdict(verdict::Arguments),
    /// Proposals a minute, what each costs beyond its benchmark, catching up with the chain.
    Operator(operator::Arguments),
}

impl Arguments {
    pub(crate) fn form(&self) -> Form {
        match (self.json, self.markdown) {
            (true, _) => Form::Json,
            (false, true) => Form::Markdown,
            (false, false) => Form::Text,
        }
    }
}
