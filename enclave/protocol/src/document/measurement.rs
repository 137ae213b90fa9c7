//! What a run is measured by.

use std::fmt;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer};

use super::fields::{FieldError, NonNegativeNumber, PositiveInteger};
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
    /// Never evaluated.
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
    /// The way.
    pub kind: ExtractKind,
    /// For `regex`, and only read there.
    pub pattern: Option<Pattern>,
    /// For `json_pointer`.
    pub json_pointer: Option<String>,
    /// Golden snippet of the creator's.
    pub example_stdout: Option<String>,
    /// Prose.
    pub notes: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenExtract {
    kind: ExtractKind,
    pattern: Option<Pattern>,
    json_pointer: Option<String>,
    example_stdout: Option<String>,
    notes: Option<String>,
}

impl TryFrom<WrittenExtract> for Extract {
    type Error = FieldError;

    fn try_from(written: WrittenExtract) -> Result<Self, FieldError> {
        let WrittenExtract {
            kind,
            pattern,
            json_pointer,
            example_stdout,
            notes,
        } = written;
        if kind == ExtractKind::Regex && pattern.is_none() {
            return Err(FieldError::NoPattern);
        }
        Ok(Extract {
            kind,
            pattern,
            json_pointer,
            example_stdout,
            notes,
        })
    }
}

/// Ways to find a metric; this version of the rule performs `regex`.
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

/// A regular expression that runs in time linear in its input.
///
/// Upstream's dialect is Python's; look-around and back-references are refused, for no engine bounds them.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern(Regex);

impl Pattern {
    /// Longest pattern, in bytes.
    pub const LONGEST: usize = 4096;
    /// Most memory of the compiled pattern, in bytes.
    const COMPILED: usize = 1024 * 1024;

    /// As written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn regex(&self) -> &Regex {
        &self.0
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl TryFrom<String> for Pattern {
    type Error = FieldError;

    fn try_from(text: String) -> Result<Self, FieldError> {
        if text.is_empty() || text.len() > Pattern::LONGEST {
            return Err(FieldError::PatternLength { length: text.len() });
        }
        RegexBuilder::new(&text)
            .multi_line(true)
            .size_limit(Pattern::COMPILED)
            .dfa_size_limit(Pattern::COMPILED)
            .build()
            .map(Pattern)
            .map_err(|error| FieldError::Pattern {
                message: error.to_string(),
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

/// A metric that is never evaluated.
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
