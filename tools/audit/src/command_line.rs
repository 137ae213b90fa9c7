//! The command line, and nothing else.

use crate::measure::MeasureRequest;
use crate::output::OutputOptions;
use clap::{Args, Parser, Subcommand};
use orv_verify::{NotAnInstant, UnixTime, instant};
use std::path::PathBuf;

/// Checks what an orv enclave signed, and what its hardware says of it, offline.
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
    /// Verifies hardware evidence of AWS Nitro, Intel TDX or AMD SEV-SNP: is it authentic, and acceptable?
    Evidence(EvidenceRequest),
    /// Explains evidence in plain words: what it says with which bytes, what is proven and by whom, and what is not.
    Explain(EvidenceRequest),
    /// Runs a receipt's job again on this machine, from the bytes that the receipt names, and compares.
    Replay(ReplayRequest),
    /// Computes what hardware will report of an image: PCRs, SNP launch digest, TDX MRTD and RTMRs.
    Measure(Box<MeasureRequest>),
}

#[derive(Debug, Args)]
pub(crate) struct ReceiptRequest {
    /// The receipt file (*.orv).
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
    #[command(flatten)]
    pub(crate) trust: TrustOptions,
    /// The measurement that the enclave must have, as published: 0x and 64 hexadecimal digits.
    #[arg(long, value_name = "ID", value_parser = parse_measurement)]
    pub(crate) measurement: Option<[u8; 32]>,
}

#[derive(Debug, Args)]
#[command(after_help = EVIDENCE_HELP)]
pub(crate) struct EvidenceRequest {
    /// The evidence: the vendor's raw bytes (a COSE document, a quote, a report), orv's envelope around them, or a
    /// receipt.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
    #[command(flatten)]
    pub(crate) trust: TrustOptions,
}

const EVIDENCE_HELP: &str = "\
AUTHENTIC says that the vendor's hardware signed exactly this, under a root built into this program, at a time when
everything it stands on was valid. ACCEPTABLE says that no check of the policy failed: a debug guest is authentic and
never acceptable. Without --policy every check is made but those that ask who somebody is, such as the measurement.

  orv-audit evidence document.cose --at 2025-12-25T16:04:19Z
  orv-audit evidence quote.bin --collateral tcb/ --policy policy.toml --json

Exit codes: 0 acceptable, 1 a file could not be read, 2 wrong usage, 3 not acceptable or not authentic.";

#[derive(Debug, Args)]
#[command(after_help = REPLAY_HELP)]
pub(crate) struct ReplayRequest {
    /// The receipt file (*.orv).
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
    /// Archives that the receipt names (snapshot, benchmark, candidate, incumbent, image), or folders of them. They are
    /// found by hash, whatever their names are.
    #[arg(long, value_name = "PATH")]
    pub(crate) from: Vec<PathBuf>,
    /// A storage indexer to ask for what no file given has; its nodes are not believed.
    #[arg(long, value_name = "URL")]
    pub(crate) indexer: Option<String>,
}

const REPLAY_HELP: &str = "\
The job runs in the verifier's containers by the verifier's rule, which takes root. An exact metric must come out as on
record in every field. Times differ by nature: there the verdict must be the same.

  sudo orv-audit replay 12.orv --from bundles/
  sudo orv-audit replay 12.orv --indexer https://indexer-storage-testnet-turbo.0g.ai --json

Exit codes: 0 the same, 1 it could not be run here, 2 wrong usage, 3 it came out otherwise, or the receipt does not hold,
4 this machine is too unsteady to say, 5 bytes are missing.";

/// What evidence is judged by.
#[derive(Debug, Args)]
pub(crate) struct TrustOptions {
    /// The moment to judge at, in UTC, such as 2026-01-31T12:00:00Z; without it, now. Evidence of Nitro is valid for
    /// three hours, so an auditor gives the time at which it was used; in a receipt, the time that it names itself is
    /// the default.
    #[arg(long, value_name = "RFC3339", value_parser = parse_instant)]
    pub(crate) at: Option<UnixTime>,
    /// What the vendor published beside it, a file or a folder: for TDX a caching service's JSON, for SNP the VCEK or
    /// VLEK (DER, PEM, or a host's table), for any revocation lists. Roots and AMD's intermediates are built in.
    #[arg(long, value_name = "PATH")]
    pub(crate) collateral: Vec<PathBuf>,
    /// The rules to judge by: TOML, JSON, or Flashbots' measurements.json (docs/policies has one for each platform).
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Judge evidence under the simulator's published roots. It proves nothing about any hardware: for development
    /// only.
    #[arg(long)]
    pub(crate) allow_simulated: bool,
}

fn parse_instant(text: &str) -> Result<UnixTime, NotAnInstant> {
    instant(text)
}

fn parse_measurement(text: &str) -> Result<[u8; 32], String> {
    let digits = text.strip_prefix("0x").ok_or("a measurement begins with 0x")?;
    let bytes = hex::decode(digits).map_err(|error| error.to_string())?;
    let length = bytes.len();
    bytes
        .try_into()
        .map_err(|_| format!("a measurement has 32 bytes, not {length}"))
}
