//! The result for evidence, for people and for programs.

use super::given::Given;
use crate::line::{Line, LineResult};
use crate::output::Report;
use crate::page::{CheckRow, Mark, Page, Section};
use crate::trust::policy_text;
use orv_evidence::{Envelope, Platform};
use orv_verify::{Claims, NOT_PROVEN, Verified, measurement_id};
use serde::Serialize;
use std::fmt::Write as _;
use std::process::ExitCode;

/// A finished judgement.
#[derive(Debug, Serialize)]
pub(crate) struct Judgement {
    schema: &'static str,
    platform: Option<&'static str>,
    authentic: bool,
    acceptable: bool,
    simulated: bool,
    at: String,
    /// SHA-256 of the policy's file; null for the built-in one.
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    measurement: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bound: Option<Bound>,
    /// Null when the evidence is not authentic: then it claims nothing.
    claims: Option<Claims>,
    checks: Vec<Line>,
    not_proven: &'static [&'static str],
}

/// What the envelope says the evidence is bound to.
#[derive(Debug, Serialize)]
struct Bound {
    purpose: String,
    key_origin: &'static str,
    public_key: String,
    challenge: String,
    context: String,
}

impl Judgement {
    const SCHEMA: &'static str = "orv.audit.evidence/1";

    pub(crate) fn of(given: &Given) -> Self {
        let mut judgement = Self {
            schema: Self::SCHEMA,
            platform: given.platform.map(Platform::as_str),
            authentic: false,
            acceptable: false,
            simulated: given.platform.is_some_and(Platform::is_simulated),
            at: given.at.to_string(),
            policy: given.trust.policy_hash.map(hex::encode),
            measurement: None,
            bound: given.envelope.as_ref().map(Bound::of),
            claims: None,
            checks: Vec::new(),
            not_proven: &NOT_PROVEN,
        };
        match given.verify() {
            None => judgement.checks.push(Line::fail(
                "format",
                "neither a Nitro document, a TDX quote, an SEV-SNP report nor an envelope of orv",
            )),
            Some(Ok(verified)) => judgement.take(&verified),
            Some(Err(error)) => judgement.checks.push(Line::from(&error.check())),
        }
        if let Some(cause) = &given.unreadable_hint {
            judgement.checks.push(Line {
                name: "envelope-collateral".to_owned(),
                result: LineResult::Skipped,
                detail: format!("what the envelope carries beside its evidence is of no use: {cause}"),
            });
        }
        judgement
    }

    fn verdict(&self) -> (Mark, String) {
        match (self.authentic, self.acceptable) {
            (_, true) => (Mark::Good, "AUTHENTIC AND ACCEPTABLE".to_owned()),
            (true, false) => (
                Mark::Bad,
                "ORV-A-005 AUTHENTIC, NOT ACCEPTABLE: see the lines marked FAIL".to_owned(),
            ),
            (false, false) => (
                Mark::Bad,
                "ORV-A-006 NOT AUTHENTIC: see the line marked FAIL".to_owned(),
            ),
        }
    }

    fn take(&mut self, verified: &Verified) {
        self.authentic = true;
        self.acceptable = verified.acceptable().is_ok();
        self.measurement = Some(format!("0x{}", hex::encode(measurement_id(verified.claims()))));
        self.claims = Some(verified.claims().clone());
        self.checks.extend(verified.checks().iter().map(Line::from));
    }
}

impl Bound {
    fn of(envelope: &Envelope) -> Self {
        Self {
            purpose: envelope.purpose.clone(),
            key_origin: envelope.key_origin.as_str(),
            public_key: hex::encode(envelope.public_key),
            challenge: hex::encode(envelope.challenge),
            context: hex::encode(&envelope.context),
        }
    }
}

impl Report for Judgement {
    const SCHEMA: &'static str = Self::SCHEMA;

    /// 0 when acceptable, else 3.
    fn exit_code(&self) -> ExitCode {
        if self.acceptable {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(3)
        }
    }

    fn page(&self) -> Page {
        let mut lines = String::new();
        if let Some(measurement) = &self.measurement {
            let _ = writeln!(lines, "  measurement {measurement}");
        }
        let _ = writeln!(lines, "  judged at {}", self.at);
        let _ = writeln!(lines, "  by {}", policy_text(self.policy.as_deref()));
        let mut sections = vec![
            Section::Checks(self.checks.iter().map(CheckRow::from).collect()),
            Section::Lines(lines),
        ];
        if self.simulated {
            sections.push(Section::Text(
                "SIMULATED: no hardware stands behind this evidence. It proves nothing to anybody; --allow-simulated \
                 judges it all the same, for development only."
                    .to_owned(),
            ));
        }
        let not_proven = self.not_proven.join("; ");
        sections.push(Section::Text(format!("Not proven by any evidence: {not_proven}.")));
        Page {
            title: "Hardware evidence".to_owned(),
            verdict: self.verdict(),
            sections,
        }
    }
}
