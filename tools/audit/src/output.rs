//! Reading what is audited, and writing the report.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use orv_receipt::{detail, printable};
use serde::Serialize;
use serde_json::json;

use crate::page::Page;

/// How the result is written.
#[derive(Debug, Clone, Args)]
pub(crate) struct OutputOptions {
    /// One JSON document on one line instead of text.
    #[arg(long)]
    json: bool,
    /// Write the report as one HTML file too: no script, nothing fetched.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl OutputOptions {
    pub(crate) fn form(&self) -> Form {
        if self.json { Form::Json } else { Form::Text }
    }
}

/// A finished report.
pub(crate) trait Report: Serialize {
    /// Version of its JSON document.
    const SCHEMA: &'static str;

    /// For people.
    fn page(&self) -> Page;

    /// The program's end.
    fn exit_code(&self) -> ExitCode;
}

/// Prints a report in the form asked for, and ends with its code.
pub(crate) fn finish<R: Report>(report: &R, options: &OutputOptions) -> ExitCode {
    let text = match options.form() {
        Form::Text => report.page().text(),
        Form::Json => json(report),
    };
    if let Some(path) = &options.html
        && let Err(error) = std::fs::write(path, report.page().html())
    {
        let words = format!("{} could not be written: {error}", path.display());
        fail(R::SCHEMA, "ORV-A-002", &words, "Check that path", options.form());
        return ExitCode::FAILURE;
    }
    match print(&text) {
        // A reader that has seen enough of it (`| head`) changes nothing: the exit status still tells.
        Ok(()) => report.exit_code(),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => report.exit_code(),
        Err(error) => {
            tell(&format!("ORV-A-002 the report could not be written: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

fn tell(text: &str) {
    // Where stderr is closed nobody wants to be told.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A report as one line of JSON.
fn json<R: Report>(report: &R) -> String {
    let document = serde_json::to_string(report)
        .unwrap_or_else(|error| json!({"schema": R::SCHEMA, "error": error.to_string()}).to_string());
    ascii_line(&document)
}

/// One line in printable ASCII: what is not is escaped as JSON escapes it.
fn ascii_line(document: &str) -> String {
    let mut line = String::with_capacity(document.len());
    for letter in document.chars() {
        if (' '..='~').contains(&letter) {
            line.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let _ = write!(line, "\\u{unit:04x}");
            }
        }
    }
    line.push('\n');
    line
}

/// An end without a report: a document in the place of one, or words on stderr.
pub(crate) fn fail(schema: &str, code: &str, error: &str, next: &str, form: Form) {
    let error = &one_line(error);
    match form {
        Form::Text => tell(&format!("{code} {}. {next}", printable(error))),
        Form::Json => {
            let document = json!({
                "schema": schema, "verified": false, "code": code, "error": error, "next": next,
            });
            // Where nobody reads it, the exit code still tells.
            let _ = print(&ascii_line(&document.to_string()));
        }
    }
}

/// A parser's words may show the whole of what it was given, in many lines; the beginning is enough.
fn one_line(words: &str) -> String {
    let lines: Vec<&str> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    detail(lines.join(" "))
}

/// Why there is nothing to report on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    /// A file or folder cannot be read.
    #[error("{} could not be read: {cause}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A file that was given beside what is audited is not what it should be.
    #[error("{} is not {what}: {cause}", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// Why it is not.
        cause: String,
    },
    /// Somebody who has to be asked does not answer as he must.
    #[error("{what} gives no answer that can be used: {cause}")]
    Unavailable {
        /// Who.
        what: &'static str,
        /// What came instead.
        cause: String,
    },
}

impl InputError {
    /// Says it, and ends with its code: nothing was verified.
    pub(crate) fn finish(&self, schema: &str, options: &OutputOptions) -> ExitCode {
        let (code, next, end) = match self {
            Self::Unavailable { .. } => ("ORV-A-013", "Check the address, or try another one", ExitCode::from(5)),
            Self::Unreadable { .. } => ("ORV-A-001", "Check the path and who may read it", ExitCode::FAILURE),
            Self::Content { .. } => ("ORV-A-004", "Correct that file, or leave it out", ExitCode::from(3)),
        };
        fail(schema, code, &self.to_string(), next, options.form());
        end
    }
}

/// The file, but of one that is longer than `most` only as much as shows it.
pub(crate) fn read(path: &Path, most: usize) -> Result<Vec<u8>, InputError> {
    let unreadable = |cause| InputError::Unreadable {
        path: path.to_owned(),
        cause,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}
