//! What a receipt tells beside its verdict, and what decides nothing: upstream's gates and red flags, the candidate's
//! absolute figure by upstream's sampling, and the protocol's secondary metrics.

use orv_protocol::advice::Gate;
use orv_protocol::judgement::Arm;
use orv_protocol::sampling::Spread;
use orv_receipt::figures::{self, AbsoluteFigure, SecondaryFigure};
use orv_receipt::{Bundle, FindingRecord, printable};
use serde::Serialize;
use std::fmt::Write as _;

/// Values and findings shown to people; the JSON document has all.
const SHOWN: usize = 8;

/// Beside the verdict.
#[derive(Debug, Serialize)]
pub(crate) struct Information {
    #[serde(skip_serializing_if = "Option::is_none")]
    absolute: Option<Absolute>,
    secondary: Vec<Secondary>,
    advice: Vec<Finding>,
    advice_left_out: u64,
    files_unread: u64,
}

#[derive(Debug, Serialize)]
struct Absolute {
    aggregate: String,
    measured: usize,
    asked: u64,
    spread: &'static str,
    improves: bool,
}

#[derive(Debug, Serialize)]
struct Secondary {
    name: String,
    trials: Vec<Value>,
}

/// One trial's value of a secondary metric.
#[derive(Debug, Serialize)]
struct Value {
    arm: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    metric: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    none: Option<String>,
}

#[derive(Debug, Serialize)]
struct Finding {
    gate: u8,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<String>,
    meaning: &'static str,
}

impl Information {
    /// Of a bundle; what does not follow from it is left out, and the checks say why.
    pub(crate) fn of(bundle: &Bundle) -> Self {
        let advice = bundle.advice.as_ref();
        Self {
            absolute: figures::absolute(bundle).ok().flatten().map(Absolute::from),
            secondary: figures::secondary(bundle)
                .unwrap_or_default()
                .into_iter()
                .map(Secondary::from)
                .collect(),
            advice: advice.map_or_else(Vec::new, |advice| advice.findings.iter().map(Finding::from).collect()),
            advice_left_out: advice.map_or(0, |advice| advice.left_out),
            files_unread: advice.map_or(0, |advice| advice.unread),
        }
    }

    /// In words; empty where there is nothing to tell.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        if let Some(absolute) = &self.absolute {
            let better = if absolute.improves { "better" } else { "no better" };
            let _ = writeln!(
                text,
                "  by upstream's sampling {} ({} of {} runs, spread {}): upstream would call it {better}",
                absolute.aggregate, absolute.measured, absolute.asked, absolute.spread
            );
        }
        for secondary in &self.secondary {
            let _ = writeln!(text, "  {}: {}", printable(&secondary.name), secondary.text());
        }
        for finding in self.advice.iter().take(SHOWN) {
            let _ = write!(text, "  {}: {}", printable(&finding.path), finding.meaning);
            let _ = match &finding.pattern {
                Some(pattern) => writeln!(text, ": {}", printable(pattern)),
                None => writeln!(text),
            };
        }
        let more = self.advice.len().saturating_sub(SHOWN) as u64 + self.advice_left_out;
        if more > 0 {
            let _ = writeln!(text, "  and {more} findings more");
        }
        if text.is_empty() {
            return text;
        }
        format!("\nFor information, deciding nothing:\n{text}")
    }
}

impl From<AbsoluteFigure> for Absolute {
    fn from(absolute: AbsoluteFigure) -> Self {
        Self {
            aggregate: absolute.figure.aggregate.to_string(),
            measured: absolute.figure.measured,
            asked: absolute.asked,
            spread: match absolute.figure.spread {
                Spread::Unbounded => "unbounded",
                Spread::Within => "within the bound",
                Spread::TooNoisy => "above the bound",
            },
            improves: absolute.improves,
        }
    }
}

impl From<SecondaryFigure> for Secondary {
    fn from(figure: SecondaryFigure) -> Self {
        let value = |(arm, metric): (Arm, Result<orv_protocol::metric::Decimal, _>)| Value {
            arm: arm_name(arm),
            none: metric.as_ref().err().map(ToString::to_string),
            metric: metric.ok().map(|metric| metric.to_string()),
        };
        Self {
            name: figure.name,
            trials: figure.trials.into_iter().map(value).collect(),
        }
    }
}

impl Secondary {
    fn text(&self) -> String {
        if self.trials.is_empty() {
            return "the protocol does not say how to find it".to_owned();
        }
        let shown: Vec<String> = self
            .trials
            .iter()
            .take(SHOWN)
            .map(|value| format!("{} {}", value.arm, value.metric.as_deref().unwrap_or("-")))
            .collect();
        let more = self.trials.len().saturating_sub(SHOWN);
        match more {
            0 => shown.join(", "),
            more => format!("{} and {more} trials more", shown.join(", ")),
        }
    }
}

impl From<&FindingRecord> for Finding {
    fn from(record: &FindingRecord) -> Self {
        Self {
            gate: record.gate,
            path: record.path.clone(),
            pattern: record.pattern.clone(),
            meaning: Gate::from_number(record.gate).map_or("not a gate of the published rule", Gate::explain),
        }
    }
}

fn arm_name(arm: Arm) -> &'static str {
    match arm {
        Arm::Snapshot => "snapshot",
        Arm::Incumbent => "incumbent",
        Arm::Candidate => "candidate",
        Arm::Shadow => "shadow",
    }
}
