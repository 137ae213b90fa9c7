//! The result of an audit, for people and for programs.

use crate::command_line::{Output, ReceiptRequest};
use crate::information::Information;
use crate::{evidence, verdict};
use orv_receipt::{Receipt, check, printable};
use serde::Serialize;
use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

/// Version of the JSON document.
const SCHEMA: &str = "orv.audit.receipt/1";

/// What no receipt proves (DESIGN 1).
const NOT_PROVEN: &[&str] = &[
    "that no other run happened",
    "that the hardware is unbroken and its vendor honest",
    "that the chain settled this: compare metricsHash with the bundle's root there",
];

/// One line of an audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) result: LineResult,
    pub(crate) detail: String,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LineResult {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// It was not made, and the detail says why.
    Skipped,
}

/// A finished audit.
#[derive(Debug, Serialize)]
pub(crate) struct Audit {
    schema: &'static str,
    verified: bool,
    simulated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<verdict::Statement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<evidence::Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    information: Option<Information>,
    checks: Vec<Line>,
    not_proven: &'static [&'static str],
}

impl Audit {
    /// Audits the bytes of a file.
    pub(crate) fn of(bytes: &[u8], request: &ReceiptRequest) -> Self {
        let receipt = match Receipt::decode(bytes) {
            Ok(receipt) => receipt,
            Err(error) => return Self::finished(vec![Line::fail("encoding", error)], None, None, false),
        };
        let mut checks = vec![Line::pass(
            "encoding",
            format!("{} bytes, canonical, version 1", bytes.len()),
        )];
        checks.extend(check::check(&receipt).into_iter().map(Line::from));
        let examined = evidence::examine(&receipt, request);
        checks.extend(examined.checks);
        let statement = verdict::Statement::of(&receipt);
        let information = receipt.bundle().ok().map(|bundle| Information::of(&bundle));
        Self {
            information,
            ..Self::finished(checks, Some(statement), examined.summary, examined.simulated)
        }
    }

    fn finished(
        checks: Vec<Line>,
        statement: Option<verdict::Statement>,
        evidence: Option<evidence::Summary>,
        simulated: bool,
    ) -> Self {
        let verified = checks.iter().all(|line| line.result != LineResult::Fail);
        Self {
            schema: SCHEMA,
            verified,
            simulated,
            statement,
            evidence,
            information: None,
            checks,
            not_proven: NOT_PROVEN,
        }
    }

    /// 0 when every check holds, else 3.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.verified {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(3)
        }
    }

    /// One line of JSON, in printable ASCII: what is not is escaped as JSON escapes it.
    pub(crate) fn json(&self) -> String {
        let document = serde_json::to_string(self)
            .unwrap_or_else(|error| format!("{{\"schema\":\"{SCHEMA}\",\"error\":\"{error}\"}}"));
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
        line
    }

    /// Text for people.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.checks {
            let mark = match line.result {
                LineResult::Pass => "pass",
                LineResult::Fail => "FAIL",
                LineResult::Skipped => "skip",
            };
            let _ = writeln!(text, "{mark}  {:<20} {}", line.name, printable(&line.detail));
        }
        if let Some(statement) = &self.statement {
            let _ = write!(text, "\n{}", statement.text());
        }
        if let Some(evidence) = &self.evidence {
            let _ = write!(text, "{}", evidence.text());
        }
        if let Some(information) = &self.information {
            text.push_str(&information.text());
        }
        if self.simulated {
            text.push_str("\nSIMULATED: no hardware stands behind this receipt. It proves nothing to anybody.\n");
        }
        let _ = writeln!(text, "\nNot proven by any receipt: {}.", self.not_proven.join("; "));
        text.push_str(if self.verified {
            "VERIFIED\n"
        } else {
            "ORV-A-003 NOT VERIFIED: see the lines marked FAIL\n"
        });
        text
    }
}

impl Line {
    pub(crate) fn pass(name: &str, detail: impl ToString) -> Self {
        Self {
            name: name.to_owned(),
            result: LineResult::Pass,
            detail: detail.to_string(),
        }
    }

    pub(crate) fn fail(name: &str, detail: impl ToString) -> Self {
        Self {
            name: name.to_owned(),
            result: LineResult::Fail,
            detail: detail.to_string(),
        }
    }
}

impl From<check::Check> for Line {
    fn from(check: check::Check) -> Self {
        let result = match check.result {
            check::CheckResult::Pass => LineResult::Pass,
            check::CheckResult::Fail => LineResult::Fail,
        };
        Self {
            name: check.name.to_owned(),
            result,
            detail: check.detail,
        }
    }
}

/// Says that the file could not be read.
pub(crate) fn unreadable(request: &ReceiptRequest, error: &io::Error) -> ExitCode {
    let message = format!("{} could not be read: {error}", request.file.display());
    match request.output() {
        Output::Text => eprintln!("ORV-A-001 {message}. Check the path; receipts are files that end in .orv"),
        Output::Json => {
            let document =
                serde_json::json!({"schema": SCHEMA, "verified": false, "code": "ORV-A-001", "error": message});
            println!("{document}");
        }
    }
    ExitCode::FAILURE
}
