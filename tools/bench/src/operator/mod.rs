//! What the operator's daemon adds to the benchmarks that it has run: the real daemon, a real enclave whose evidence is
//! simulated, chain and storage on this machine.

mod catch_up;
mod enclave;
mod network;
mod project;
mod proposals;
mod record;

use crate::document::Section;
use clap::Args;
use network::Network;
use orv_verifier::VerifierError;
use project::Contents;
use std::fmt::Display;
use std::path::PathBuf;

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Proposals that are judged, each of a project of its own.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=500))]
    proposals: u32,
    /// Size of each proposal's bundle, in megabytes.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=400))]
    bundle: u32,
    /// Empty blocks that the intake has to come through.
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    blocks: u32,
    /// Times that it does.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// The enclave's program, built with the feature `simulator` (default: orv-enclave beside this program).
    #[arg(long, value_name = "PROGRAM")]
    enclave: Option<PathBuf>,
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OperatorBenchError {
    /// The enclave's program is not there.
    #[error("{} is missing; build it: cargo build --release -p orv-enclave --features simulator", .0.display())]
    NoEnclave(PathBuf),
    /// A step of the preparation failed.
    #[error("{step}: {cause}")]
    Step {
        /// Which.
        step: &'static str,
        /// Why.
        cause: String,
    },
    /// The daemon failed.
    #[error("daemon: {0}")]
    Daemon(#[from] VerifierError),
    /// Not every proposal was approved, so no figure is worth anything.
    #[error("{approved} of {submitted} proposals were approved: {}", failures.join("; "))]
    NotApproved {
        /// How many were.
        approved: usize,
        /// Of how many.
        submitted: usize,
        /// What the daemon told.
        failures: Vec<String>,
    },
}

/// An error of a step.
fn at<E: Display>(step: &'static str) -> impl FnOnce(E) -> OperatorBenchError {
    move |cause| text(step, &cause.to_string())
}

fn text(step: &'static str, cause: &str) -> OperatorBenchError {
    let cause = cause.to_owned();
    OperatorBenchError::Step { step, cause }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Vec<Section>, OperatorBenchError> {
    let runtime = tokio::runtime::Runtime::new().map_err(at("runtime"))?;
    runtime.block_on(measure(arguments))
}

async fn measure(arguments: &Arguments) -> Result<Vec<Section>, OperatorBenchError> {
    let program = enclave::program(arguments.enclave.as_deref())?;
    let folder = tempfile::Builder::new().prefix("orv-bench-").tempdir();
    let folder = folder.map_err(at("temporary folder"))?;
    let network = Network::deploy(enclave::measurement(&program)?, folder.path()).await?;
    let contents = Contents::with_ballast(arguments.bundle as usize * 1_000_000)?;
    let cache = folder.path().join("publisher");
    let bundles = network.submit(&contents, arguments.proposals, &cache).await?;
    drop(contents);
    let found = network.find(&bundles, &folder.path().join("finder")).await?;
    let mut sections = proposals::measure(&network, &program, folder.path(), &found).await?;
    sections.push(catch_up::measure(&network, arguments.blocks, arguments.rounds as usize).await?);
    Ok(sections)
}
