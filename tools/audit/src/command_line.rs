//! The command line, and nothing else.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Checks what an orv enclave signed, offline.
#[derive(Debug, Parser)]
#[command(name = "orv-audit", version, about, after_help = AFTER_HELP)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Exit codes: 0 every check passed, 1 the file could not be read, 2 wrong usage, 3 not verified.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Checks a receipt: encoding, roots, record -> score -> verdict, signature, key, evidence.
    Receipt(ReceiptRequest),
}

#[derive(Debug, Args)]
pub(crate) struct ReceiptRequest {
    /// The receipt file (*.orv).
    pub(crate) file: PathBuf,
    /// One JSON document on one line instead of text.
    #[arg(long)]
    json: bool,
    /// Accept evidence of the simulator. It proves nothing about any hardware: for development only.
    #[arg(long)]
    pub(crate) allow_simulated: bool,
    /// The measurement that the enclave must have, as published: 0x and 64 hexadecimal digits.
    #[arg(long, value_name = "ID", value_parser = parse_measurement)]
    pub(crate) measurement: Option<[u8; 32]>,
}

/// How the result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl ReceiptRequest {
    pub(crate) fn output(&self) -> Output {
        if self.json { Output::Json } else { Output::Text }
    }
}

fn parse_measurement(text: &str) -> Result<[u8; 32], String> {
    let digits = text.strip_prefix("0x").ok_or("a measurement begins with 0x")?;
    let bytes = hex::decode(digits).map_err(|error| error.to_string())?;
    let length = bytes.len();
    bytes
        .try_into()
        .map_err(|_| format!("a measurement has 32 bytes, not {length}"))
}
