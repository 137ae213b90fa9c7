//! Evidence in plain words: what the file says and with which bytes, what of it is proven and by whom, and what is not.

mod explanation;
mod words;

use crate::command_line::EvidenceRequest;
use crate::evidence::Given;
use crate::output::{InputError, finish};
use explanation::Explanation;
use std::process::ExitCode;

/// Explains the file that was asked for.
pub(crate) fn run(request: &EvidenceRequest) -> ExitCode {
    match explain(request) {
        Ok(explanation) => finish(&explanation, &request.output),
        Err(error) => error.finish(Explanation::SCHEMA, &request.output),
    }
}

fn explain(request: &EvidenceRequest) -> Result<Explanation, InputError> {
    let given = Given::read(&request.file, &request.trust)?;
    Ok(Explanation::of(&given))
}
