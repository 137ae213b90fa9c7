//! What came of a replay.

use crate::output::Report;
use crate::page::{Mark, Page, Section};
use crate::source::SourceError;
use alloy_primitives::B256;
use orv_protocol::{MetricKind, Verdict};
use orv_receipt::Bundle;
use orv_receipt::rule::decide;
use orv_trial::agreement::Disagreement;
use serde::Serialize;
use std::process::ExitCode;

/// A finished replay.
#[derive(Debug, Serialize)]
pub(crate) struct Replay {
    schema: &'static str,
    outcome: Outcome,
    recorded: String,
    here: String,
    trials: usize,
    differences: Vec<Difference>,
    missing_protections: Vec<String>,
}

/// How the two compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    /// Every input of the verdict came out as recorded.
    Reproduced,
    /// The metric is a time, so the numbers differ; the verdict does not.
    SameVerdict,
    /// This machine measured too unsteadily to say anything.
    Inconclusive,
    /// Something came out otherwise that must not.
    Contradicted,
}

#[derive(Debug, Serialize)]
struct Difference {
    field: String,
    recorded: String,
    here: String,
}

impl Replay {
    pub(super) const SCHEMA: &'static str = "orv.audit.replay/1";

    pub(super) fn of(recorded: &Bundle, here: &Bundle, differences: Vec<Disagreement>) -> Self {
        Self {
            schema: Self::SCHEMA,
            outcome: outcome(recorded, here, &differences),
            recorded: verdict_name(recorded),
            here: verdict_name(here),
            trials: here.trials.len(),
            differences: differences.into_iter().map(Difference::from).collect(),
            missing_protections: here.missing_protections.clone(),
        }
    }
}

impl From<Disagreement> for Difference {
    fn from(one: Disagreement) -> Self {
        Self {
            field: one.field,
            recorded: one.recorded,
            here: one.here,
        }
    }
}

/// What the published rule makes of a record.
fn verdict_name(bundle: &Bundle) -> String {
    match decide(bundle) {
        Ok(decision) => format!(
            "{:?} ({}), {:?} score {} in [{}, {}]",
            decision.verdict,
            decision.reason.code(),
            decision.kind,
            decision.score,
            decision.lower,
            decision.upper
        )
        .to_lowercase(),
        Err(error) => error.to_string(),
    }
}

/// Of a timed metric the numbers differ by nature, and with them how many trials it took; everything else must not.
fn outcome(recorded: &Bundle, here: &Bundle, differences: &[Disagreement]) -> Outcome {
    if differences.is_empty() {
        return Outcome::Reproduced;
    }
    let (Ok(then), Ok(now)) = (decide(recorded), decide(here)) else {
        return Outcome::Contradicted;
    };
    let by_nature = |one: &Disagreement| one.field.starts_with("trials") || one.field == "decision";
    if then.kind != MetricKind::Timed || !differences.iter().all(by_nature) {
        return Outcome::Contradicted;
    }
    match now.verdict {
        verdict if verdict == then.verdict => Outcome::SameVerdict,
        Verdict::Inconclusive => Outcome::Inconclusive,
        _ => Outcome::Contradicted,
    }
}

impl Report for Replay {
    const SCHEMA: &'static str = Self::SCHEMA;

    fn exit_code(&self) -> ExitCode {
        match self.outcome {
            Outcome::Reproduced | Outcome::SameVerdict => ExitCode::SUCCESS,
            Outcome::Contradicted => ExitCode::from(3),
            Outcome::Inconclusive => ExitCode::from(4),
        }
    }

    fn page(&self) -> Page {
        let differences = self.differences.iter();
        let rows = differences.map(|one| vec![one.field.clone(), one.recorded.clone(), one.here.clone()]);
        Page {
            title: "A verdict's job, run again".to_owned(),
            verdict: match self.outcome {
                Outcome::Reproduced => (Mark::Good, "REPRODUCED".to_owned()),
                Outcome::SameVerdict => (Mark::Good, "THE SAME VERDICT, by other times".to_owned()),
                Outcome::Inconclusive => (
                    Mark::Open,
                    "ORV-A-008 INCONCLUSIVE HERE: this machine measures too unsteadily; try a quiet one".to_owned(),
                ),
                Outcome::Contradicted => (Mark::Bad, "ORV-A-009 CONTRADICTED: see what differs".to_owned()),
            },
            sections: vec![
                Section::Text(format!("On record: {}.", self.recorded)),
                Section::Text(format!("Here, after {} trials: {}.", self.trials, self.here)),
                Section::Table {
                    title: "What differs".to_owned(),
                    head: vec!["field", "on record", "here"],
                    rows: rows.collect(),
                },
                Section::List {
                    title: "Protections that this machine does not have".to_owned(),
                    items: self.missing_protections.clone(),
                },
            ],
        }
    }
}

/// Why nothing was replayed, though everything could be read.
#[derive(Debug, Serialize)]
pub(crate) struct Refused {
    schema: &'static str,
    outcome: &'static str,
    code: &'static str,
    error: String,
    #[serde(skip)]
    exit: u8,
}

impl Refused {
    /// The receipt, or bytes that it names, are not such that there is something to run.
    pub(super) fn record(cause: impl ToString) -> Self {
        Self::of("ORV-A-007", 3, cause.to_string())
    }

    /// Bytes that nobody gave.
    pub(super) fn missing(what: &str, hash: B256, cause: &SourceError) -> Self {
        match cause {
            SourceError::File(error) => Self::machine(error),
            cause => Self::of("ORV-A-011", 5, format!("the {what} {hash} is not here: {cause}")),
        }
    }

    /// This machine cannot run it.
    pub(super) fn machine(cause: impl ToString) -> Self {
        Self::of("ORV-A-012", 1, cause.to_string())
    }

    fn of(code: &'static str, exit: u8, error: String) -> Self {
        Self {
            schema: Replay::SCHEMA,
            outcome: "not-run",
            code,
            error,
            exit,
        }
    }
}

impl Report for Refused {
    const SCHEMA: &'static str = Replay::SCHEMA;

    fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.exit)
    }

    fn page(&self) -> Page {
        Page {
            title: "A verdict's job, not run again".to_owned(),
            verdict: (Mark::Open, format!("{} {}", self.code, self.error)),
            sections: Vec::new(),
        }
    }
}
