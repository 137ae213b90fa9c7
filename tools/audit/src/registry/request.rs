//! The command line of `orv-audit registry`.

use crate::command_line::RuleOptions;
use crate::output::OutputOptions;
use crate::source::{SourceOptions, address};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct RegistryRequest {
    /// The deployment: chain id, contracts, and where chain and storage are.
    #[arg(long, value_name = "FILE")]
    pub(super) deployment: PathBuf,
    /// The chain's JSON-RPC address; without it, the deployment's.
    #[arg(long, value_name = "URL", value_parser = address)]
    pub(super) rpc: Option<String>,
    /// The first block to look at; without it, the first that the deployment says can hold an event.
    #[arg(long, value_name = "NUMBER")]
    pub(super) first_block: Option<u64>,
    #[command(flatten)]
    pub(super) output: OutputOptions,
    #[command(flatten)]
    pub(super) source: SourceOptions,
    #[command(flatten)]
    pub(super) rules: RuleOptions,
}

const HELP: &str = "\
Each key's evidence is looked for in --from by its root, then on storage (--indexer, or the deployment's), verified as of \
the block that admitted the key, and held against what was admitted: key, operator, registry, gateway and chain, \
challenge, platform, tier, measurement, end. Without a list of measurements in --policy, a key's evidence must have the \
measurement that was admitted; whether that is a program to trust is then not asked.

LIVE and PENDING keys decide the exit code, for they can sign what settles. Of revoked, expired and withdrawn ones \
everything is told too; what they signed was settled while they were live, so read their lines before trusting that.

Examples:
  orv-audit registry --deployment deployment.json --rpc http://127.0.0.1:8545 \\
    --collateral amd/ --policy policy.toml
  orv-audit registry --deployment deployment.json --from envelopes/ --json

Exit codes: 0 every live or pending key holds, 1 a file could not be read or written, 2 wrong usage, 3 a live or pending key does \
not hold or cannot be judged, 5 the chain, or the evidence of such a key, is not to be had.";
