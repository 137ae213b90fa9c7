//! The command line.

use clap::Parser;
use std::path::PathBuf;

/// Runs the main job on an embedded network: a creator publishes, miners submit, the enclave judges, the chain settles.
#[derive(Debug, Parser)]
#[command(name = "orv-demo", version, about)]
pub(crate) struct Arguments {
    /// Print one JSON document on the last line.
    #[arg(long)]
    pub(crate) json: bool,
    /// Add a proposal made from a patch (`diff -u`, applied with -p1) to the example's source.
    #[arg(long, value_name = "FILE")]
    pub(crate) patch: Option<PathBuf>,
    /// A new folder for receipts and logs (default: one in the system's temporary directory).
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}
