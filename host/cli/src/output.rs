//! Where answers, failures and logs go.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use orv_receipt::printable;
use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;

use crate::{
    code::{Code, Exit},
    failure::Failure,
};

/// How answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One document on one line.
    Json,
}

/// What a command answers, in both forms.
#[derive(Debug, Clone)]
pub struct Answer {
    document: Value,
    text: String,
    exit: Option<Exit>,
}

impl Answer {
    /// An answer of a versioned schema. `fields` is an object; the schema is put in front of it.
    pub fn new(schema: &str, fields: Value, text: impl Into<String>) -> Self {
        let mut document = json!({ "schema": schema });
        if let (Value::Object(document), Value::Object(fields)) = (&mut document, fields) {
            document.extend(fields);
        }
        Self {
            document,
            text: text.into(),
            exit: None,
        }
    }

    /// The same, with an exit status that says more than that there is an answer.
    pub fn with_exit(self, exit: Exit) -> Self {
        Self {
            exit: Some(exit),
            ..self
        }
    }
}

/// Stdout, in one format.
#[derive(Debug, Clone)]
pub struct Output {
    format: Format,
}

impl Output {
    /// Writes in this format.
    pub fn new(format: Format) -> Self {
        Self { format }
    }

    /// The format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Prints an answer, and gives the exit status for it.
    pub fn answer(&self, answer: &Answer) -> Result<ExitCode, Failure> {
        let written = match self.format {
            Format::Json => print(&answer.document.to_string()),
            Format::Text => print(answer.text.trim_end()),
        };
        written.map_err(|error| Failure::new(Code::File, format!("standard output: {error}")))?;
        Ok(answer.exit.map_or(ExitCode::SUCCESS, |exit| ExitCode::from(exit as u8)))
    }

    /// A remark for people that is part of no document.
    pub fn note(&self, text: &str) {
        tell(text);
    }

    /// Prints a failure, and gives the exit status for it.
    pub fn fail(&self, failure: &Failure) -> ExitCode {
        if self.format == Format::Json {
            let mut document = json!({
                "schema": "orv.error/1",
                "code": failure.code,
                "error": failure.message,
                "next": failure.next,
            });
            if let (Value::Object(document), false) = (&mut document, failure.details.is_empty()) {
                document.insert("details".to_owned(), json!(failure.details));
            }
            // Nothing is left to tell it to when stdout is closed; the exit status still says that it failed.
            let _ = print(&document.to_string());
        } else {
            tell(&format!("error {}: {}", failure.code, visible(&failure.message)));
            for detail in &failure.details {
                tell(&format!("  - {}", visible(detail)));
            }
            tell(&format!("next: {}", failure.next));
        }
        ExitCode::from(failure.exit as u8)
    }
}

/// Text that may come from outside, with its line ends kept and everything else escaped that a terminal would obey.
pub fn visible(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(printable).collect();
    lines.join("\n")
}

/// A line on stdout. A reader that has seen enough (`| head`) changes nothing: the exit status still tells.
fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

fn tell(text: &str) {
    // Where stderr is closed nobody wants to be told.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints clap's help or version.
pub fn print_help(help: &clap::Error) -> ExitCode {
    match help.print() {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

/// Prints clap's complaint.
pub fn print_usage(error: &clap::Error) -> ExitCode {
    // Where stderr is closed nobody wants to be told.
    let _ = error.print();
    tell(&format!("code: {}", Code::Usage.text()));
    ExitCode::from(Code::Usage.exit() as u8)
}

/// Logs go to stderr, in colour only on a terminal that has not refused it (no-color.org). `ORV_LOG` overrules.
pub fn log_to_stderr(verbosity: u8) {
    let level = match verbosity {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_env("ORV_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(colour)
        // Else a line that stderr does not take (its reader has ended) is complained of there, and that panics.
        .log_internal_errors(false)
        .init();
}
