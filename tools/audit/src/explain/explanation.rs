//! The explanation, for people and for programs.

use super::words;
use crate::evidence::{Form, Given};
use crate::output::Report;
use crate::page::{Mark, Page, Section};
use orv_evidence::{Context, Envelope, Platform};
use orv_receipt::printable;
use orv_verify::{Check, CheckResult, Field, NOT_PROVEN, fields};
use serde::Serialize;
use std::process::ExitCode;

/// Characters of a value shown to people; the JSON document has all.
const SHOWN: usize = 96;

/// A finished explanation.
#[derive(Debug, Serialize)]
pub(crate) struct Explanation {
    schema: &'static str,
    platform: Option<&'static str>,
    authentic: bool,
    acceptable: bool,
    simulated: bool,
    /// What the file is.
    subject: String,
    /// Whose word it all rests on.
    rests_on: &'static str,
    /// The evidence, byte by byte.
    fields: Vec<Field>,
    /// What the envelope says that the evidence was made for.
    made_for: Vec<String>,
    /// Looked at, and as it must be.
    proven: Vec<Finding>,
    /// Looked at, and not as it must be.
    refuted: Vec<Finding>,
    /// Not looked at, with the reason.
    not_looked_at: Vec<Finding>,
    /// What neither this nor other evidence can show.
    not_proven: Vec<&'static str>,
}

/// One check in words.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    meaning: &'static str,
    detail: String,
}

impl Explanation {
    pub(super) const SCHEMA: &'static str = "orv.audit.explain/1";

    pub(super) fn of(given: &Given) -> Self {
        let platform = given.platform;
        let mut explanation = Self {
            schema: Self::SCHEMA,
            platform: platform.map(Platform::as_str),
            authentic: false,
            acceptable: false,
            simulated: platform.is_some_and(Platform::is_simulated),
            subject: subject(given),
            rests_on: platform.map_or("nobody: no vendor's format was recognised", words::vendor),
            fields: platform
                .and_then(|platform| fields(&given.evidence, platform).ok())
                .unwrap_or_default(),
            made_for: given.envelope.as_ref().map(made_for).unwrap_or_default(),
            proven: Vec::new(),
            refuted: Vec::new(),
            not_looked_at: Vec::new(),
            not_proven: NOT_PROVEN
                .into_iter()
                .chain(platform.map_or(&[] as &[_], words::limits).iter().copied())
                .collect(),
        };
        match given.verify() {
            None => {}
            Some(Err(error)) => explanation.find(&error.check()),
            Some(Ok(verified)) => {
                explanation.authentic = true;
                explanation.acceptable = verified.acceptable().is_ok();
                verified.checks().iter().for_each(|check| explanation.find(check));
            }
        }
        explanation
    }

    fn find(&mut self, check: &Check) {
        let list = match check.result {
            CheckResult::Pass => &mut self.proven,
            CheckResult::Fail => &mut self.refuted,
            CheckResult::Skipped => &mut self.not_looked_at,
        };
        list.push(Finding {
            check: check.name.as_str(),
            meaning: words::meaning(check.name),
            detail: check.detail.clone(),
        });
    }

    fn verdict(&self) -> (Mark, String) {
        match (self.authentic, self.acceptable) {
            (_, true) => (Mark::Good, "Authentic and acceptable".to_owned()),
            (true, false) => (
                Mark::Bad,
                "ORV-A-005 Authentic, and not acceptable: genuine hardware said this, and what it says will not do"
                    .to_owned(),
            ),
            (false, false) => (
                Mark::Bad,
                "ORV-A-006 Not authentic: nothing that it says can be relied on".to_owned(),
            ),
        }
    }
}

fn subject(given: &Given) -> String {
    let Some(platform) = given.platform else {
        return format!("{} bytes that are nobody's evidence", given.evidence.len());
    };
    let around = match given.form {
        Form::Raw => "",
        Form::Envelope => ", in an envelope of orv",
        Form::Receipt => ", in a receipt of orv",
    };
    let simulated = if platform.is_simulated() { ", SIMULATED" } else { "" };
    format!(
        "{} of {} bytes{around}{simulated}, judged as of {}",
        words::form(platform),
        given.evidence.len(),
        given.at
    )
}

fn made_for(envelope: &Envelope) -> Vec<String> {
    let mut lines = vec![
        format!("purpose {}", envelope.purpose),
        format!("key {} ({})", hex::encode(envelope.public_key), envelope.key_origin),
        format!("challenge {}", hex::encode(envelope.challenge)),
    ];
    match Context::decode(&envelope.context) {
        Ok(context) => lines.extend([
            format!("chain {}", context.chain_id),
            format!("registry 0x{}", hex::encode(context.registry)),
            format!("gateway 0x{}", hex::encode(context.gateway)),
            format!("operator 0x{}", hex::encode(context.operator)),
            format!("boot {}", hex::encode(context.boot_id)),
            format!("configuration {}", hex::encode(context.configuration_hash)),
        ]),
        Err(_) => lines.push(format!("context {}", hex::encode(&envelope.context))),
    }
    lines
}

impl Finding {
    fn shown(&self) -> String {
        format!("{} ({}: {})", self.meaning, self.check, self.detail)
    }
}

impl Report for Explanation {
    const SCHEMA: &'static str = Self::SCHEMA;

    fn exit_code(&self) -> ExitCode {
        if self.acceptable {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(3)
        }
    }

    fn page(&self) -> Page {
        let list = |title: &str, findings: &[Finding]| Section::List {
            title: title.to_owned(),
            items: findings.iter().map(Finding::shown).collect(),
        };
        let rows = self.fields.iter().map(|field| {
            vec![
                format!("{}..{}", field.bytes.start, field.bytes.end),
                field.name.to_owned(),
                words::authority(field.authority).to_owned(),
                shortened(&field.value),
            ]
        });
        Page {
            title: "What this evidence says".to_owned(),
            verdict: self.verdict(),
            sections: vec![
                Section::Text(format!("This is {}.", self.subject)),
                Section::Text(format!("Everything below rests on {}.", self.rests_on)),
                Section::Table {
                    title: "What it says, by its bytes, and whose word that is".to_owned(),
                    head: vec!["bytes", "field", "word of", "value"],
                    rows: rows.collect(),
                },
                Section::List {
                    title: "What it was made for, says its envelope".to_owned(),
                    items: self.made_for.clone(),
                },
                list("What is proven", &self.proven),
                list("What is not as it must be", &self.refuted),
                list(
                    "What nobody looked at, or what there was nothing to compare with",
                    &self.not_looked_at,
                ),
                Section::List {
                    title: "What is not proven, whatever stands above".to_owned(),
                    items: self.not_proven.iter().map(ToString::to_string).collect(),
                },
            ],
        }
    }
}

/// Values may be kilobytes of certificates, and are others' words.
fn shortened(value: &str) -> String {
    let shown = printable(value);
    match shown.char_indices().nth(SHOWN) {
        Some((end, _)) => format!(
            "{}... ({} characters)",
            shown.get(..end).unwrap_or_default(),
            value.len()
        ),
        None => shown,
    }
}
