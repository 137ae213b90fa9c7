//! `orv`: the command line of miners, creators and verifier operators. It reads arguments and prints answers; what it
//! does is done by the libraries of `host/`.
//!
//! Answers go to stdout, everything else to stderr. With `--json` the last line on stdout is one document, on failure
//! too: `orv.error/1` with a stable code, the error, and what to do next (DESIGN 5.12).

mod amount;
mod arguments;
mod code;
mod command;
mod failure;
mod faucet;
mod output;
mod progress;
mod sandbox;
mod session;
mod settings;

use std::process::ExitCode;

use clap::{Parser, error::ErrorKind};

use self::{
    arguments::Arguments,
    code::Code,
    failure::Failure,
    output::{Format, Output},
};

fn main() -> ExitCode {
    // A container's first process is this program once more; nothing may have been started before it.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|argument| argument == orv_runner::HELPER_ARGUMENT)
    {
        return orv_runner::helper_main();
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error),
    };
    let output = Output::new(arguments.global.format());
    // Every HTTP client of the process uses it. That another has been installed already is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    output::log_to_stderr(arguments.global.verbosity());
    match run(arguments, &output) {
        Ok(exit) => exit,
        Err(failure) => output.fail(&failure),
    }
}

fn run(arguments: Arguments, output: &Output) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Code::Machine, format!("no runtime: {error}")))?;
    runtime.block_on(async {
        let answer = command::run(arguments.command, &arguments.global, output).await?;
        answer.map_or(Ok(ExitCode::SUCCESS), |answer| output.answer(&answer))
    })
}

/// Help and version are answers; anything else is a mistake in the arguments. Whether JSON is wanted has to be seen
/// without the parser, which has just failed.
fn refuse(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return output::print_help(error);
    }
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    if wants_json {
        let failure = Failure::new(Code::Usage, what_is_wrong(&error.to_string()));
        return Output::new(Format::Json).fail(&failure);
    }
    output::print_usage(error)
}

/// The first paragraph of the parser's text on one line: behind the sentence come the arguments that it speaks of.
fn what_is_wrong(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let paragraph = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
}
