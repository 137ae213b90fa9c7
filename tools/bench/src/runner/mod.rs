//! Figures of the container.

mod start;

pub(crate) use start::{RECORDER, record};

use crate::document::Section;
use crate::stage::{Stage, StageError};
use clap::{Args, ValueEnum};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only these figures (default: all).
    #[arg(long, value_enum, value_name = "FIGURE")]
    only: Vec<Figure>,
    /// Rounds of the start comparison.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: u32,
    /// Seed of the drawn orders.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// One table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Figure {
    /// Start to exit beside other runtimes.
    Start,
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunnerBenchError {
    /// There is nothing to run containers on.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// Starts could not be measured.
    #[error("start: {0}")]
    Start(#[from] start::StartError),
}

pub(crate) fn run(arguments: &Arguments) -> Result<Vec<Section>, RunnerBenchError> {
    let wanted = |figure| arguments.only.is_empty() || arguments.only.contains(&figure);
    let stage = Stage::new()?;
    let mut sections = Vec::new();
    if wanted(Figure::Start) {
        sections.push(start::measure(&stage, arguments.rounds as usize, arguments.seed)?);
    }
    Ok(sections)
}
