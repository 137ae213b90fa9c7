//! How often the timed rule is wrong, by effect size and noise.

use crate::document::Section;
use clap::Args;

/// What to simulate.
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerdictBenchError {
    /// There is no code for it yet.
    #[error("not built yet")]
    NotBuilt,
}

pub(crate) fn run(_arguments: &Arguments) -> Result<Vec<Section>, VerdictBenchError> {
    Err(VerdictBenchError::NotBuilt)
}
