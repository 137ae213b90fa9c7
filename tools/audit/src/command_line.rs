//! The command line, and nothing else.

use crate::measure::MeasureRequest;
use crate::output::{Form, OutputOptions, fail};
use crate::registry::RegistryRequest;
use crate::source::SourceOptions;
use clap::{Args, Parser, Subcommand};
use orv_verify::{NotAnInstant, UnixTime, instant};
use std::path::PathBuf;
use std::process::ExitCode;

/// Checks what an orv enclave signed, what its hardware says of it, and whom the chain admitted for it.
#[derive(Debug, Parser)]
#[command(name = "orv-audit", version, about, after_help = AFTER_HELP)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Everything but `registry`, and `replay --indexer`, works offline, from files alone.

Exit codes: 0 every check passed, 1 a file could not be read or written, 2 wrong usage, 3 not verified, 4 inconclusive, \
5 what is needed is not to be had.";

/// Version of the JSON document that says that a command line is wrong.
const USAGE_SCHEMA: &str = "orv.audit.usage/1";

/// Help and version are answers; anything else is a mistake in the arguments. Whether JSON is wanted has to be seen
/// without the parser, which has just failed.
pub(crate) fn refuse(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
        let text = error.to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        let paragraph: Vec<&str> = text
            .lines()
            .map(str::trim)
            .take_while(|line| !line.is_empty())
            .collect();
        let next = "Read what orv-audit and the command say with --help";
        fail(USAGE_SCHEMA, "ORV-A-014", &paragraph.join(" "), next, Form::Json);
        return ExitCode::from(2);
    }
    // Where nobody reads it, the exit code still tells.
    let _ = error.print();
    match error.use_stderr() {
        true => ExitCode::from(2),
        false => ExitCode::SUCCESS,
    }
}

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
    /// Examines every key that the chain ever admitted: its evidence is fetched, verified, and held against the admission.
    Registry(Box<RegistryRequest>),
    /// Computes what hardware will report of an image: PCRs, SNP launch digest, TDX MRTD and RTMRs.
    Measure(Box<MeasureRequest>),
}

#[derive(Debug, Args)]
#[command(after_help = RECEIPT_HELP)]
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

const RECEIPT_HELP: &str = "\
Nitro's evidence names its own time, at which it is judged. TDX and SNP name none: give --at, the time at which the key \
was used, and --collateral of that time. Without --measurement or a list in --policy, nobody asks which program ran.

Examples:
  orv-audit receipt 12.orv --measurement 0x… --html 12.html
  orv-audit receipt 12.orv --at 2026-09-21T14:14:10Z --collateral tcb/ \\
    --policy policy.toml --json

Exit codes: 0 every check passed, 1 a file could not be read or written, 2 wrong usage, 3 not verified.";

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
AUTHENTIC says that the vendor's hardware signed exactly this, under a root built into this program, at a time when \
everything it stands on was valid. ACCEPTABLE says that no check of the policy failed: a debug guest is authentic and \
never acceptable. Without --policy every check is made but those that ask who somebody is, such as the measurement.

Examples:
  orv-audit evidence document.cose --at 2025-12-25T16:04:19Z
  orv-audit explain quote.bin --collateral tcb/
  orv-audit evidence quote.bin --collateral tcb/ --policy policy.toml --json

Exit codes: 0 acceptable, 1 a file could not be read or written, 2 wrong usage, 3 not acceptable or not authentic.";

#[derive(Debug, Args)]
#[command(after_help = REPLAY_HELP)]
pub(crate) struct ReplayRequest {
    /// The receipt file (*.orv).
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
    /// Where the archives are that the receipt names: snapshot, benchmark, candidate, incumbent, image.
    #[command(flatten)]
    pub(crate) source: SourceOptions,
}

const REPLAY_HELP: &str = "\
The job runs in the verifier's containers by the verifier's rule, which takes root. An exact metric must come out as on \
record in every field. Times differ by nature: there the verdict must be the same. It is a stranger's code: use a machine \
that you can lose.

Examples:
  sudo orv-audit replay 12.orv --from bundles/
  sudo orv-audit replay 12.orv --indexer https://indexer-storage-testnet-turbo.0g.ai --json

Exit codes: 0 the same, 1 it could not be run here, 2 wrong usage, 3 it came out otherwise, or the receipt does not hold, \
4 this machine is too unsteady to say, 5 bytes are missing.";

/// What evidence is judged by.
#[derive(Debug, Args)]
pub(crate) struct TrustOptions {
    /// The moment to judge at, in UTC, such as 2026-01-31T12:00:00Z; without it, now. Evidence of Nitro is valid for
    /// three hours, so an auditor gives the time at which it was used; in a receipt, the time that it names itself is
    /// the default.
    #[arg(long, value_name = "RFC3339", value_parser = parse_instant)]
    pub(crate) at: Option<UnixTime>,
    #[command(flatten)]
    pub(crate) rules: RuleOptions,
}

/// What evidence is judged by at any time.
#[derive(Debug, Default, Args)]
pub(crate) struct RuleOptions {
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
