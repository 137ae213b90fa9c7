//! Hardware evidence by itself: whose it is, whether it is authentic, and whether it is acceptable.

mod given;
mod judgement;

pub(crate) use given::{Form, Given};

use crate::command_line::EvidenceRequest;
use crate::output::{InputError, Report, finish};
use judgement::Judgement;
use std::process::ExitCode;

/// Judges the evidence that was asked for.
pub(crate) fn run(request: &EvidenceRequest) -> ExitCode {
    match judge(request) {
        Ok(judgement) => finish(&judgement, &request.output),
        Err(error) => error.finish(Judgement::SCHEMA, &request.output),
    }
}

fn judge(request: &EvidenceRequest) -> Result<Judgement, InputError> {
    let given = Given::read(&request.file, &request.trust)?;
    Ok(Judgement::of(&given))
}
