//! The number that a trial ends with: read from the judge's own channel, or extracted from the output of a process that
//! also ran the candidate's code.

mod decimal;
mod json;
mod junit;
mod pattern;
mod pytest;
mod windows;

use std::str;

pub use crate::document::{Extract, ExtractKind, ExtractRule};
pub use decimal::{Decimal, DecimalError};
pub use json::Pointer;
pub use pattern::{NoMatch, Pattern, PatternError, PatternProblem};
pub use windows::{RIGHT, from_windows};

/// Bytes of a shared project's output that are searched: its last 64 KiB (openresearch.md 4.2).
pub const TAIL_BYTES: usize = 65_536;
/// Longest metric, in bytes: a sign, [`Decimal::MOST_DIGITS`] digits and a point.
pub const LONGEST_METRIC: usize = Decimal::MOST_DIGITS + 2;

/// Why a trial has no metric.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetricError {
    /// Nothing was written, or nothing matches.
    #[error("no metric")]
    Missing,
    /// More than one line was written, or more than one place matches.
    #[error("more than one metric")]
    Doubled,
    /// Longer than any metric is.
    #[error("metric has {length} bytes, at most {LONGEST_METRIC} are read")]
    TooLong {
        /// Bytes of the refused text.
        length: usize,
    },
    /// Not a plain decimal.
    #[error("metric is malformed: {0}")]
    Malformed(#[from] DecimalError),
    /// The protocol wants an extraction that this version of the rule does not perform.
    #[error("extraction of kind {kind} is not performed")]
    UnsupportedExtraction {
        /// The kind that the protocol names.
        kind: ExtractKind,
    },
    /// What a JSON pointer names is no number.
    #[error("what the JSON pointer names is not a number")]
    NotANumber,
    /// A JUnit report is none.
    #[error("JUnit report has {0}")]
    Report(&'static str),
}

impl From<NoMatch> for MetricError {
    fn from(cause: NoMatch) -> Self {
        match cause {
            NoMatch::Missing => MetricError::Missing,
            NoMatch::Doubled => MetricError::Doubled,
        }
    }
}

/// Reads what a judge wrote on its metric channel (fd 4, DESIGN 5.6): exactly one line, a plain decimal, whose line
/// feed may be left out at the end.
///
/// # Errors
/// [`MetricError`]: none, more than one, or not a plain decimal.
pub fn from_channel(bytes: &[u8]) -> Result<Decimal, MetricError> {
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if line.is_empty() {
        return Err(MetricError::Missing);
    }
    if line.contains(&b'\n') {
        return Err(MetricError::Doubled);
    }
    decimal(line)
}

/// Finds a metric of a shared project in what its process printed: in the last [`TAIL_BYTES`], as UTF-8 with replacement
/// (openresearch.md 4.2).
///
/// Upstream takes a pattern's first match and performs no other kind. Here exactly one place may match, whatever the
/// kind: a number that was printed twice is nobody's metric. For a pattern it is group 1, else the whole match; for a
/// JSON pointer what it names in the only line that is an object with something there; for a JUnit report and for
/// pytest's summary the number of tests that passed.
///
/// # Errors
/// [`MetricError`].
pub fn extract(rule: &Extract, output: &[u8]) -> Result<Decimal, MetricError> {
    let tail = output.get(output.len().saturating_sub(TAIL_BYTES)..).unwrap_or(output);
    let text = String::from_utf8_lossy(tail);
    match &rule.rule {
        ExtractRule::Regex(pattern) => decimal(pattern.only_value(&text)?.as_bytes()),
        ExtractRule::JsonPointer(pointer) => json::number(pointer, &text),
        ExtractRule::Junit => junit::passed(&text),
        ExtractRule::PytestSummary => pytest::passed(&text),
        ExtractRule::Custom => Err(MetricError::UnsupportedExtraction { kind: rule.kind() }),
    }
}

fn decimal(bytes: &[u8]) -> Result<Decimal, MetricError> {
    #[cfg(feature = "weakened")]
    if !crate::weakened::holds(crate::weakened::Rule::PlainDecimal) {
        let text = crate::weakened::as_floating_point(&String::from_utf8_lossy(bytes)).ok_or(MetricError::Missing)?;
        return Ok(text.parse()?);
    }
    if bytes.len() > LONGEST_METRIC {
        return Err(MetricError::TooLong { length: bytes.len() });
    }
    let text = str::from_utf8(bytes).map_err(|_| DecimalError::NotPlain {
        text: String::from_utf8_lossy(bytes).into(),
    })?;
    Ok(text.parse()?)
}

#[cfg(test)]
mod tests;
