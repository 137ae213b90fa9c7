//! Figures of the container.

mod fidelity;
mod pinned;
mod relay;
mod start;
mod trial;

use crate::account::{Account, AccountError};
use crate::document::Section;
use crate::stage::{Stage, StageError};
use clap::{Args, ValueEnum};
use fidelity::FidelityError;
use pinned::Processors;

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only these figures (default: all).
    #[arg(long, value_enum, value_name = "FIGURE")]
    only: Vec<Figure>,
    /// Rounds of the start comparison.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: u32,
    /// Pairs of runs of each work, inside and bare.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pairs: u32,
    /// Trials of each project.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    trials: u32,
    /// Requests of each relayed run.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    requests: u32,
    /// Seed of the drawn orders.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs of the relay, each beside one without it.
const RELAY_ROUNDS: usize = 5;

/// One table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Figure {
    /// Start to exit beside other runtimes.
    Start,
    /// The same program inside and beside the container.
    Fidelity,
    /// A further trial.
    Trial,
    /// A relayed request.
    Relay,
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunnerBenchError {
    /// There is nothing to run containers on.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// Processor time could not be told.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// Starts could not be measured.
    #[error("start: {0}")]
    Start(#[from] start::StartError),
    /// Inside and bare could not be compared.
    #[error(transparent)]
    Fidelity(#[from] FidelityError),
    /// Trials could not be measured.
    #[error("trial: {0}")]
    Trial(#[from] trial::TrialBenchError),
}

pub(crate) fn run(arguments: &Arguments) -> Result<Vec<Section>, RunnerBenchError> {
    let wanted = |figure| arguments.only.is_empty() || arguments.only.contains(&figure);
    // Before anything is bound to one of them.
    let processors = Processors::of_this_process().map_err(FidelityError::from)?;
    let account = Account::open()?;
    let stage = Stage::new()?;
    let mut sections = Vec::new();
    if wanted(Figure::Start) {
        sections.push(start::measure(
            &account,
            &stage,
            arguments.rounds as usize,
            arguments.seed,
        )?);
    }
    if wanted(Figure::Trial) {
        sections.push(trial::measure(&account, &stage, arguments.trials as usize)?);
    }
    // The last two bind this thread to a processor.
    if wanted(Figure::Fidelity) {
        sections.push(fidelity::measure(&stage, processors, arguments.pairs as usize)?);
    }
    if wanted(Figure::Relay) {
        sections.push(relay::measure(
            &account,
            &stage,
            processors,
            RELAY_ROUNDS,
            arguments.requests,
        )?);
    }
    Ok(sections)
}
