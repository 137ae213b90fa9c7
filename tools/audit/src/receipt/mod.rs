//! A receipt: whether it holds together, what it says, and what stands behind it.

mod evidence;
mod information;
mod verdict;

use crate::command_line::ReceiptRequest;
use crate::line::{Line, LineResult};
use crate::output::{InputError, Report, finish, read};
use crate::page::{CheckRow, Mark, Page, Section};
use crate::trust::Trust;
use information::Information;
use orv_receipt::{MAX_RECEIPT, Receipt, check};
use serde::Serialize;
use std::process::ExitCode;

/// Version of the JSON document.
const SCHEMA: &str = "orv.audit.receipt/1";

/// What no receipt proves (DESIGN 1).
const NOT_PROVEN: &[&str] = &[
    "that no other run happened",
    "that the hardware is unbroken and its vendor honest",
    "that the chain settled this: compare metricsHash with the bundle's root there",
];

/// Checks the receipt that was asked for.
pub(crate) fn run(request: &ReceiptRequest) -> ExitCode {
    match audit(request) {
        Ok(audit) => finish(&audit, &request.output),
        Err(error) => error.finish(SCHEMA, &request.output),
    }
}

fn audit(request: &ReceiptRequest) -> Result<Audit, InputError> {
    let bytes = read(&request.file, MAX_RECEIPT)?;
    let trust = Trust::read(&request.trust)?;
    Ok(Audit::of(&bytes, request, &trust))
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
    pub(crate) fn of(bytes: &[u8], request: &ReceiptRequest, trust: &Trust) -> Self {
        let receipt = match Receipt::decode(bytes) {
            Ok(receipt) => receipt,
            Err(error) => return Self::finished(vec![Line::fail("encoding", error)], None, None, false),
        };
        let mut checks = vec![Line::pass(
            "encoding",
            format!("{} bytes, canonical, version 1", bytes.len()),
        )];
        checks.extend(check::check(&receipt).into_iter().map(Line::from));
        let examined = evidence::examine(&receipt, request, trust);
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
}

impl Report for Audit {
    const SCHEMA: &'static str = SCHEMA;

    /// 0 when every check holds, else 3.
    fn exit_code(&self) -> ExitCode {
        if self.verified {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(3)
        }
    }

    fn page(&self) -> Page {
        let mut sections = vec![Section::Checks(self.checks.iter().map(CheckRow::from).collect())];
        let mut told = String::new();
        if let Some(statement) = &self.statement {
            told.push_str(&statement.text());
        }
        if let Some(evidence) = &self.evidence {
            told.push_str(&evidence.text());
        }
        if let Some(information) = &self.information {
            told.push_str(&information.text());
        }
        if !told.is_empty() {
            sections.push(Section::Lines(told));
        }
        if self.simulated {
            sections.push(Section::Text(
                "SIMULATED: no hardware stands behind this receipt. It proves nothing to anybody.".to_owned(),
            ));
        }
        let not_proven = self.not_proven.join("; ");
        sections.push(Section::Text(format!("Not proven by any receipt: {not_proven}.")));
        let verdict = if self.verified {
            (Mark::Good, "VERIFIED".to_owned())
        } else {
            (
                Mark::Bad,
                "ORV-A-003 NOT VERIFIED: see the lines marked FAIL".to_owned(),
            )
        };
        Page {
            title: "Receipt of a verdict".to_owned(),
            verdict,
            sections,
        }
    }
}
