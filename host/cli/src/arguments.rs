//! What every command understands.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser};

use crate::{command::Command, output::Format};

const AFTER_HELP: &str = "\
Settings: a flag goes before its variable, the variable before orv.toml, the file before the default. \
Upstream's ARAH_RPC_URL and ARAH_CHAIN_ID count where ORV_RPC_URL and ORV_CHAIN_ID are not set.

Exit status: 0 done; 1 failed (unreadable path, no connection, refused transaction); 2 wrong arguments; \
3 not verified or bad content; 4 inconclusive; 5 something needed is not available; 6 steps failed (`orv verifier once`). \
Errors carry a code such as ORV-C-020; host/cli/ERRORS.md and docs/errors.md list them.

A whole round on one machine, as root, from the repository (the first command in a terminal of its own):
  orv devnet --deployment deployment.json
  export ORV_DEPLOYMENT=deployment.json ORV_WALLET=main ORV_PASSPHRASE_FILE=passphrase
  (umask 077; echo 'a passphrase of mine' > passphrase)
  orv wallet new main && orv wallet fund --amount 100og
  lua=target/static/x86_64-unknown-linux-gnu/reproducible/lua
  orv project publish images/example/project --image-file $lua=bin/lua \\
      --token-name Pack --token-symbol PACK
  orv proposal submit --project 0 --stake 10 \\
      --patch images/example/patches/best-fit.patch
  orv proposal show 0";

/// Verifiable research: publish a project, improve it, judge it in an enclave.
#[derive(Debug, Parser)]
#[command(name = "orv", version, after_help = AFTER_HELP, propagate_version = true)]
pub struct Arguments {
    #[command(flatten)]
    pub global: GlobalArguments,
    #[command(subcommand)]
    pub command: Command,
}

/// Options that stand before or behind any command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
pub struct GlobalArguments {
    /// Answer with one JSON document on one line, the last on stdout, on failure too
    #[arg(long, global = true)]
    json: bool,
    /// Log more to stderr; twice and three times for more still. ORV_LOG sets a filter instead
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// Settings file [default: orv.toml, where it is there]
    #[arg(long, global = true, env = "ORV_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Chain, storage and contracts [default: the 0G Galileo testnet]
    #[arg(long, global = true, env = "ORV_DEPLOYMENT", value_name = "FILE")]
    pub deployment: Option<PathBuf>,
    /// JSON-RPC address of the chain, instead of the deployment's
    #[arg(long, global = true, env = "ORV_RPC_URL", value_name = "URL")]
    pub rpc_url: Option<String>,
    /// Chain id that the address must serve, instead of the deployment's
    #[arg(long, global = true, env = "ORV_CHAIN_ID", value_name = "NUMBER")]
    pub chain_id: Option<u64>,
    /// 0G Storage indexer, instead of the deployment's
    #[arg(long, global = true, env = "ORV_INDEXER_URL", value_name = "URL")]
    pub indexer_url: Option<String>,
    /// Where fetched content is kept [default: ~/.cache/orv]
    #[arg(long, global = true, env = "ORV_CACHE", value_name = "FOLDER")]
    pub cache: Option<PathBuf>,
    /// Where keystores lie [default: ~/.autoresearch/wallets]
    #[arg(long, global = true, env = "ORV_WALLET_HOME", value_name = "FOLDER")]
    pub wallet_home: Option<PathBuf>,
    /// Wallet that pays
    #[arg(long, global = true, env = "ORV_WALLET", value_name = "ID")]
    pub wallet: Option<String>,
    /// File whose first line opens the wallet
    #[arg(long, global = true, env = "ORV_PASSPHRASE_FILE", value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

impl GlobalArguments {
    /// How to answer.
    pub fn format(&self) -> Format {
        if self.json { Format::Json } else { Format::Text }
    }

    /// How much to log.
    pub fn verbosity(&self) -> u8 {
        self.verbose
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_commands_do_not_contradict_each_other() {
        super::Arguments::command().debug_assert();
    }
}
