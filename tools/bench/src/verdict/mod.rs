//! How often the timed rule is wrong, by effect size and noise: in a simulation, and on this machine.

mod experiment;
mod simulate;

use crate::document::Section;
use clap::{Args, Subcommand};

/// What to find out.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    how: How,
}

/// How.
#[derive(Debug, Subcommand)]
enum How {
    /// Many thousand proposals through the rule's own state machine, on machines and hosts that are formulas.
    Simulate(simulate::Arguments),
    /// A few proposals in real containers on this machine, while a load comes and goes.
    Experiment(experiment::Arguments),
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerdictBenchError {
    /// The experiment's.
    #[error("experiment: {0}")]
    Experiment(#[from] experiment::ExperimentError),
}

pub(crate) fn run(arguments: &Arguments) -> Result<Vec<Section>, VerdictBenchError> {
    match &arguments.how {
        How::Simulate(arguments) => Ok(simulate::run(arguments)),
        How::Experiment(arguments) => Ok(experiment::run(arguments)?),
    }
}
