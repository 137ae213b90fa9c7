//! Figures with their units.

use crate::statistics::Sample;
use serde::Serialize;

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Unit {
    /// Thousandths of a second.
    Milliseconds,
    /// Millionths of a second.
    Microseconds,
    /// 10^9 bytes in one second.
    GigabytesPerSecond,
    /// 2^20 bytes.
    Mebibytes,
    /// A quotient of two figures of one run.
    Ratio,
    /// A part of all cases, of a hundred.
    Percent,
    /// A number of things.
    Count,
}

impl Unit {
    /// How it is written behind a figure.
    fn sign(self) -> &'static str {
        match self {
            Self::Milliseconds => " ms",
            Self::Microseconds => " µs",
            Self::GigabytesPerSecond => " GB/s",
            Self::Mebibytes => " MiB",
            Self::Percent => " %",
            Self::Ratio | Self::Count => "",
        }
    }

    fn decimals(self) -> usize {
        match self {
            Self::Milliseconds | Self::GigabytesPerSecond | Self::Percent => 3,
            Self::Ratio => 4,
            Self::Microseconds | Self::Mebibytes => 1,
            Self::Count => 0,
        }
    }

    /// A figure for people.
    pub(crate) fn written(self, value: f64) -> String {
        format!("{value:.*}{}", self.decimals(), self.sign())
    }
}

/// One place of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Cell {
    /// Words.
    Text(String),
    /// A figure.
    Quantity {
        /// How much.
        value: f64,
        /// Of what.
        unit: Unit,
    },
    /// A figure and the interval that it is known to.
    Interval {
        /// The median.
        value: f64,
        /// Lower end.
        lower: f64,
        /// Upper end.
        upper: f64,
        /// Of what.
        unit: Unit,
    },
    /// Not measured.
    Nothing,
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn of(value: f64, unit: Unit) -> Self {
        Self::Quantity { value, unit }
    }

    /// A median with its interval.
    pub(crate) fn estimate(sample: Option<&Sample>, unit: Unit) -> Self {
        sample
            .map(Sample::estimate)
            .map_or(Self::Nothing, |estimate| Self::Interval {
                value: estimate.median,
                lower: estimate.lower,
                upper: estimate.upper,
                unit,
            })
    }

    pub(crate) fn written(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Quantity { value, unit } => unit.written(*value),
            Self::Interval {
                value,
                lower,
                upper,
                unit,
            } => format!(
                "{} [{}, {}]",
                unit.written(*value),
                unit.written(*lower),
                unit.written(*upper)
            ),
            Self::Nothing => "-".to_owned(),
        }
    }
}
