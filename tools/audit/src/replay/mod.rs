//! A verdict's job once more on this machine: the same bytes by the same hashes, the same seed, the same rule.
//!
//! Nothing of the enclave is trusted for it, and nothing of this machine by anybody else: an auditor sees for himself.

mod contents;
mod report;

use crate::command_line::ReplayRequest;
use crate::output::{InputError, finish, read};
use crate::source::Source;
use contents::Contents;
use orv_receipt::check::{CheckResult, check};
use orv_receipt::rule::Documents;
use orv_receipt::{Bundle, MAX_RECEIPT, Receipt};
use orv_runner::Runner;
use orv_trial::Caps;
use orv_trial::agreement::disagreements;
use orv_trial::measurement::Bench;
use orv_trial::rehearsal::rerun;
use report::{Refused, Replay};
use std::path::Path;
use std::process::ExitCode;

/// Longest archive that is read, in bytes: the enclave takes none that is longer.
const LONGEST: usize = 8 << 30;

/// Replays the receipt that was asked for.
pub(crate) fn run(request: &ReplayRequest) -> ExitCode {
    match replay(request) {
        Ok(replay) => finish(&replay, &request.output),
        Err(ReplayError::Input(error)) => error.finish(Replay::SCHEMA, &request.output),
        Err(ReplayError::Refused(refused)) => finish(&refused, &request.output),
    }
}

/// Why nothing was replayed.
enum ReplayError {
    /// A file could not be read.
    Input(InputError),
    /// It was read, and there is nothing to run, or no way to run it here.
    Refused(Refused),
}

impl From<InputError> for ReplayError {
    fn from(error: InputError) -> Self {
        Self::Input(error)
    }
}

impl From<Refused> for ReplayError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

fn replay(request: &ReplayRequest) -> Result<Replay, ReplayError> {
    let bundle = record(&read(&request.file, MAX_RECEIPT)?)?;
    let documents = Documents::parse(&bundle.protocol_json, bundle.project_json.as_deref()).map_err(Refused::record)?;
    let source = Source::open(&request.source.from, request.source.indexer.as_deref(), LONGEST)?;
    let contents = Contents::gather(&bundle, &documents, &source)?;
    let scratch = tempfile::Builder::new().prefix("orv-replay-").tempdir();
    let scratch = scratch.map_err(Refused::machine)?;
    let again = again(&bundle, &contents, &documents, scratch.path())?;
    let differences = disagreements(&bundle, &again, &documents);
    Ok(Replay::of(&bundle, &again, differences))
}

/// The record of a receipt that holds together. One that does not says nothing that could be run again.
fn record(bytes: &[u8]) -> Result<Bundle, Refused> {
    let receipt = Receipt::decode(bytes).map_err(Refused::record)?;
    let failed = check(&receipt)
        .into_iter()
        .find(|check| check.result == CheckResult::Fail);
    if let Some(failed) = failed {
        return Err(Refused::record(format!("{}: {}", failed.name, failed.detail)));
    }
    receipt.bundle().map_err(Refused::record)
}

fn again(bundle: &Bundle, contents: &Contents, documents: &Documents, scratch: &Path) -> Result<Bundle, Refused> {
    let layers = scratch.join("layers");
    std::fs::create_dir(&layers).map_err(Refused::machine)?;
    let runner = Runner::new(layers);
    let bench = Bench {
        runner: &runner,
        caps: Caps::ENCLAVE,
        directory: scratch,
    };
    rerun(bundle, &contents.inputs(documents), &bench).map_err(Refused::machine)
}
