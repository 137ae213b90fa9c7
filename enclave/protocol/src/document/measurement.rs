//! What a run is measured by.

use std::fmt;

use serde::{Deserialize, Deserializer};

use super::fields::{FieldError, NonNegativeNumber, PositiveInteger};
use crate::metric::{Pattern, Pointer};
use crate::score::{Bips, Direction};

/// What a run is measured by.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Measurement {
    /// The one that decides.
    pub primary_metric: PrimaryMetric,
    /// Upstream's repetition, which the paired rule of [`crate::judgement`] replaces in a verdict; miners follow it.
    pub sampling: Option<Sampling>,
    /// Margin over the incumbent in basis points; 100 where left out, at most 10 000.
    #[serde(default, deserialize_with = "margin")]
    pub min_score_improvement_bips: Option<Bips>,
    /// Extracted like the primary one and shown; never part of a verdict.
    pub secondary_metrics: Option<Vec<SecondaryMetric>>,
    /// How the baseline was made.
    pub baseline_policy: BaselinePolicy,
}

impl Measurement {
    /// Upstream's margin where the protocol has none (openresearch.md 3.1).
    pub const UPSTREAM_MARGIN: Bips = Bips(100);

    /// The margin over the incumbent.
    pub fn margin(&self) -> Bips {
        self.min_score_improvement_bips.unwrap_or(Self::UPSTREAM_MARGIN)
    }
}

fn margin<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bips>, D::Error> {
    let given = u64::deserialize(deserializer)?;
    match u16::try_from(given) {
        Ok(bips) if bips <= 10_000 => Ok(Some(Bips(bips))),
        _ => Err(serde::de::Error::custom(FieldError::Margin { given })),
    }
}

/// The metric that decides.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrimaryMetric {
    /// For people.
    pub name: String,
    /// Which way it improves.
    pub direction: Direction,
    /// How it is found in the output of a shared project.
    pub extract: Extract,
}

/// How a metric is found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenExtract")]
pub struct Extract {
    /// The way, with what it needs.
    pub rule: ExtractRule,
    /// Golden snippet of the creator's.
    pub example_stdout: Option<String>,
    /// Prose.
    pub notes: Option<String>,
}

/// A way to find a metric, as [`crate::metric::extract`] performs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExtractRule {
    /// Group 1 of a pattern's only match.
    Regex(Pattern),
    /// The number that a pointer names in the only line that is a JSON object with something there.
    JsonPointer(Pointer),
    /// Tests that passed by a JUnit report.
    Junit,
    /// Tests that passed by pytest's last line.
    PytestSummary,
    /// A way of the creator's own, which nobody else performs: no verdict.
    Custom,
}

impl Extract {
    /// The way.
    pub fn kind(&self) -> ExtractKind {
        match self.rule {
            ExtractRule::Regex(_) => ExtractKind::Regex,
            ExtractRule::JsonPointer(_) => ExtractKind::JsonPointer,
            ExtractRule::Junit => ExtractKind::Junit,
            ExtractRule::PytestSummary => ExtractKind::PytestSummary,
            ExtractRule::Custom => ExtractKind::Custom,
        }
    }
}

/// Pattern and pointer are read strictly also where another kind does not need them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenExtract {
    kind: ExtractKind,
    pattern: Option<Pattern>,
    json_pointer: Option<Pointer>,
    example_stdout: Option<String>,
    notes: Option<String>,
}

impl TryFrom<WrittenExtract> for Extract {
    type Error = FieldError;

    fn try_from(written: WrittenExtract) -> Result<Self, FieldError> {
        let rule = match written.kind {
            ExtractKind::Regex => ExtractRule::Regex(written.pattern.ok_or(FieldError::NoPattern)?),
            ExtractKind::JsonPointer => ExtractRule::JsonPointer(written.json_pointer.ok_or(FieldError::NoPointer)?),
            ExtractKind::Junit => ExtractRule::Junit,
            ExtractKind::PytestSummary => ExtractRule::PytestSummary,
            ExtractKind::Custom => ExtractRule::Custom,
        };
        Ok(Extract {
            rule,
            example_stdout: written.example_stdout,
            notes: written.notes,
        })
    }
}

/// Names of the ways to find a metric; all but `custom` are performed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "upstream's names, which say what they are")]
pub enum ExtractKind {
    Regex,
    JsonPointer,
    Junit,
    PytestSummary,
    Custom,
}

impl fmt::Display for ExtractKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            ExtractKind::Regex => "regex",
            ExtractKind::JsonPointer => "json_pointer",
            ExtractKind::Junit => "junit",
            ExtractKind::PytestSummary => "pytest_summary",
            ExtractKind::Custom => "custom",
        })
    }
}

/// Upstream's repetition (openresearch.md 4.4).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sampling {
    /// Discarded runs, 1 where left out.
    pub warmup_trials: Option<u32>,
    /// Kept runs, 5 where left out.
    pub measured_trials: Option<PositiveInteger>,
    /// Median where left out.
    pub aggregator: Option<Aggregator>,
    /// Above it a sample is too noisy.
    pub max_relative_std_dev: Option<NonNegativeNumber>,
}

/// What becomes of several runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "names of statistics")]
pub enum Aggregator {
    Median,
    Mean,
    Min,
    Max,
}

/// A metric that is shown and decides nothing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "as in the primary metric")]
pub struct SecondaryMetric {
    pub name: String,
    pub direction: Direction,
    pub extract: Option<Extract>,
}

/// How the baseline was made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "upstream's names, which say what they are")]
pub struct BaselinePolicy {
    pub establish_on_hardware: bool,
    pub same_data_snapshot: bool,
    pub baseline_notes: Option<String>,
}
