//! `orv protocol`.

use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use orv_protocol::explain::{Explanation, Problem, Warning, explain};
use orv_protocol::project::ProjectManifest;
use serde_json::{Value, json};

use crate::code::{Code, Exit};
use crate::failure::Failure;
use crate::output::{Answer, visible};

#[derive(Debug, Subcommand)]
pub enum ProtocolCommand {
    /// Explain everything that is wrong with a protocol.json, and what its creator should know
    #[command(
        after_help = "docs/protocol.md says what becomes of every field.\n\nExample:\n  orv protocol check images/example/project/protocol.json \\\n    \
        --manifest images/example/project/benchmark/openresearch.json"
    )]
    Check(CheckArguments),
}

#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The protocol
    file: PathBuf,
    /// The project's openresearch.json, which says who writes the metric and pins the image [default:
    /// benchmark/openresearch.json beside the protocol, where there is one]
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
}

pub fn run(command: ProtocolCommand) -> Result<Answer, Failure> {
    match command {
        ProtocolCommand::Check(arguments) => check(&arguments),
    }
}

fn check(arguments: &CheckArguments) -> Result<Answer, Failure> {
    let path = arguments.manifest.clone().or_else(|| manifest_beside(&arguments.file));
    let manifest = path.as_deref().map(manifest_at).transpose()?;
    let explanation = explain(&read(&arguments.file)?, manifest.as_ref());
    let good = explanation.problems.is_empty();
    let fields = json!({
        "valid": good,
        "code": (!good).then(|| Code::Protocol.text()),
        "manifest": path,
        "problems": explanation.problems.iter().map(problem_document).collect::<Vec<_>>(),
        "warnings": explanation.warnings.iter().map(warning_document).collect::<Vec<_>>(),
    });
    let answer = Answer::new("orv.protocol-check/1", fields, text(&explanation));
    Ok(if good {
        answer
    } else {
        answer.with_exit(Exit::BadContent)
    })
}

/// Where a project folder has its manifest.
fn manifest_beside(protocol: &Path) -> Option<PathBuf> {
    let path = protocol.parent()?.join("benchmark/openresearch.json");
    path.is_file().then_some(path)
}

/// At most one byte more than any document has: a longer file is refused by its length, not read to its end.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let longest = orv_protocol::document::LONGEST_DOCUMENT as u64;
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(longest + 1).read_to_end(&mut bytes))
        .map_err(|error| Failure::file(path, &error))?;
    Ok(bytes)
}

fn manifest_at(path: &Path) -> Result<ProjectManifest, Failure> {
    ProjectManifest::parse(&read(path)?)
        .map_err(|error| Failure::new(Code::Protocol, format!("{}: {error}", path.display())))
}

fn problem_document(problem: &Problem) -> Value {
    json!({
        "path": problem.path,
        "problem": problem.what,
        "upstream": problem.upstream,
        "here": problem.here,
        "next": problem.next,
    })
}

/// For scripts.
pub fn warning_document(warning: &Warning) -> Value {
    json!({ "path": warning.path, "warning": warning.what, "next": warning.next })
}

/// For people.
pub fn warning_text(warning: &Warning) -> String {
    let Warning { path, what, next } = warning;
    format!("{path}: {}\n    do:       {next}", visible(what))
}

fn text(explanation: &Explanation) -> String {
    let mut text = String::new();
    for problem in &explanation.problems {
        let _ = writeln!(text, "{}: {}", visible(&problem.path), visible(&problem.what));
        let _ = writeln!(text, "    upstream: {}", problem.upstream);
        let _ = writeln!(text, "    orv:      {}", problem.here);
        let _ = writeln!(text, "    do:       {}\n", visible(&problem.next));
    }
    for warning in &explanation.warnings {
        let _ = writeln!(text, "warning: {}\n", warning_text(warning));
    }
    let warnings = explanation.warnings.len();
    let _ = match explanation.problems.len() {
        0 => writeln!(text, "the protocol can be used ({warnings} warnings)"),
        1 => writeln!(
            text,
            "{}: the protocol has a problem ({warnings} warnings)",
            Code::Protocol.text()
        ),
        count => writeln!(text, "{}: the protocol has {count} problems", Code::Protocol.text()),
    };
    text
}
