//! Figures of the content.

use crate::document::Section;
use clap::Args;

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContentBenchError {
    /// There is no code for it yet.
    #[error("not built yet")]
    NotBuilt,
}

pub(crate) fn run(_arguments: &Arguments) -> Result<Vec<Section>, ContentBenchError> {
    Err(ContentBenchError::NotBuilt)
}
