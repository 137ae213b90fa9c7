//! The published rule against machines and hosts that exist as formulas only: many thousand proposals in a minute.

mod cell;
mod chain;
mod host;
mod machine;
mod random;
mod rules;
mod tables;
mod tally;

use crate::document::Section;
use cell::Effort;
use clap::Args;

pub(crate) use random::Random;
pub(crate) use tally::Tally;

/// What to simulate.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Proposals of each kind.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    rounds: u64,
    /// The same seed gives the same figures.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Vec<Section> {
    let effort = Effort {
        rounds: arguments.rounds,
        seed: arguments.seed,
    };
    vec![
        tables::blind(effort),
        tables::honest(effort),
        tables::erratic(effort),
        tables::beyond(effort),
        tables::chained(effort),
    ]
}

#[cfg(test)]
mod tests;
