//! The integer that the chain keeps for a metric, and what a candidate must reach to replace the incumbent.
//!
//! A score is `metric x scale`, larger is better: the metric of a minimise project is negated (openresearch.md 1.6, 0.2).
//! Scores round toward minus infinity, so that rounding is never in a candidate's favour, and nothing here is a float.

mod ratio;

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use alloy_primitives::{I256, Sign, U256, U512};
use serde::Deserialize;

use crate::metric::Decimal;

pub use ratio::Ratio;

/// Which way the metric improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Smaller metrics are better.
    Minimize,
    /// Larger metrics are better.
    Maximize,
}

/// How a project turns its metric into a number that improves upward (DESIGN 5.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignRule {
    /// The metric of a minimise project is negated, of a maximise project kept.
    NegateIfMinimize,
}

/// Where the fraction goes that a score has no room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// Never in the candidate's favour, whatever the sign (DESIGN 5.5).
    TowardMinusInfinity,
}

/// Basis points: 1/10 000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bips(pub u16);

/// Score units per metric unit: between one and 10^18, 1 000 000 by upstream's convention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scale(NonZeroU64);

impl Scale {
    /// Upstream's convention where no manifest says otherwise (openresearch.md 1.6).
    pub const UPSTREAM: Scale = Scale(match NonZeroU64::new(1_000_000) {
        Some(scale) => scale,
        None => NonZeroU64::MIN,
    });
    /// Larger scales are refused; they would say more than any measurement knows.
    pub const LARGEST: u64 = 1_000_000_000_000_000_000;

    /// Score units per metric unit.
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

impl TryFrom<u64> for Scale {
    type Error = ScaleError;

    fn try_from(scale: u64) -> Result<Self, ScaleError> {
        match NonZeroU64::new(scale) {
            Some(scale) if scale.get() <= Scale::LARGEST => Ok(Scale(scale)),
            _ => Err(ScaleError {
                given: scale.to_string(),
            }),
        }
    }
}

impl FromStr for Scale {
    type Err = ScaleError;

    fn from_str(text: &str) -> Result<Self, ScaleError> {
        whole_number(text)
            .ok_or(())
            .and_then(|scale| Scale::try_from(scale).map_err(|_| ()))
            .map_err(|()| ScaleError {
                given: text.chars().take(32).collect(),
            })
    }
}

/// A whole number in plain decimal without sign, spaces or leading zeros.
pub(crate) fn whole_number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// Not a whole number between 1 and [`Scale::LARGEST`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("scale {given:?} is not a whole number between 1 and {}", Scale::LARGEST)]
pub struct ScaleError {
    /// What was given, at most 32 characters of it.
    pub given: String,
}

/// A score as the ledger keeps it, `int256`; larger is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(pub I256);

/// The metric is too large for a score.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "metric {metric} at scale {scale} leaves the range of scores, 2^{}",
    Score::MEASURED_BITS
)]
pub struct ScoreOutOfRange {
    /// The metric that was read.
    pub metric: Decimal,
    /// Score units per metric unit.
    pub scale: u64,
}

impl Score {
    /// The score of nothing.
    pub const ZERO: Score = Score(I256::ZERO);
    /// A measured score's magnitude stays below two to this power, which leaves room for every intermediate of the
    /// rule in 512 bits. A score that was read from the chain may be any `int256`.
    pub const MEASURED_BITS: usize = 192;

    /// The score of a metric: `metric x scale`, negated where the rule says so, then rounded.
    ///
    /// # Errors
    /// [`ScoreOutOfRange`].
    pub fn from_metric(
        metric: &Decimal,
        scale: Scale,
        sign_rule: SignRule,
        direction: Direction,
        rounding: Rounding,
    ) -> Result<Score, ScoreOutOfRange> {
        let sign = match (sign_rule, direction, metric.sign()) {
            (SignRule::NegateIfMinimize, Direction::Maximize, sign) => sign,
            (SignRule::NegateIfMinimize, Direction::Minimize, Sign::Negative) => Sign::Positive,
            (SignRule::NegateIfMinimize, Direction::Minimize, Sign::Positive) => Sign::Negative,
        };
        let out_of_range = || ScoreOutOfRange {
            metric: *metric,
            scale: scale.get(),
        };
        // At most 200 bits by 60 bits, over at most 200 bits: 512 hold every step.
        let units = U512::from(metric.digits()) * U512::from(scale.get());
        let (whole, rest) = units.div_rem(U512::from(metric.denominator()));
        let magnitude = match (rounding, sign) {
            (Rounding::TowardMinusInfinity, Sign::Negative) if !rest.is_zero() => whole + U512::from(1),
            (Rounding::TowardMinusInfinity, _) => whole,
        };
        if magnitude.bit_len() > Score::MEASURED_BITS {
            return Err(out_of_range());
        }
        let magnitude = U256::uint_try_from_wide(magnitude).ok_or_else(out_of_range)?;
        Score::from_parts(sign, magnitude).ok_or_else(out_of_range)
    }

    /// The score with this sign and magnitude, where an `int256` can hold it.
    fn from_parts(sign: Sign, magnitude: U256) -> Option<Score> {
        I256::checked_from_sign_and_abs(sign, magnitude).map(Score)
    }

    /// Whether it is above, below or at zero.
    pub fn signum(self) -> i8 {
        match (self.0.is_zero(), self.0.sign()) {
            (true, _) => 0,
            (false, Sign::Positive) => 1,
            (false, Sign::Negative) => -1,
        }
    }

    /// Distance from zero.
    pub fn magnitude(self) -> U256 {
        self.0.unsigned_abs()
    }
}

impl From<i64> for Score {
    fn from(value: i64) -> Self {
        let magnitude = U256::from(value.unsigned_abs());
        let sign = if value < 0 { Sign::Negative } else { Sign::Positive };
        // An i64 fits an int256 whatever its value, so the other arm is never taken.
        Score(I256::checked_from_sign_and_abs(sign, magnitude).unwrap_or(I256::ZERO))
    }
}

impl fmt::Display for Score {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// How far above the incumbent a score must lie: `max(1, ceil(|incumbent| x bips / 10000))` (DESIGN 5.5).
///
/// At least one, because the ledger itself demands strictly more (openresearch.md 1.3).
pub fn margin(incumbent: Score, bips: Bips) -> U256 {
    let product = U512::from(incumbent.magnitude()) * U512::from(bips.0);
    let ceiling = product.div_ceil(U512::from(10_000));
    // |incumbent| is at most 2^255 and bips/10000 below 7, so the ceiling is below 2^258: saturate, it is unreachable.
    U256::uint_try_from_wide(ceiling)
        .unwrap_or(U256::MAX)
        .max(U256::from(1))
}

/// The least score that replaces the incumbent, `None` where no `int256` is that large.
pub fn threshold(incumbent: Score, bips: Bips) -> Option<Score> {
    let margin = I256::try_from(margin(incumbent, bips)).ok()?;
    incumbent.0.checked_add(margin).map(Score)
}

/// Narrowing that says so when it cannot.
pub(crate) trait Narrow: Sized {
    /// The same number in 256 bits, `None` where it needs more.
    fn uint_try_from_wide(wide: U512) -> Option<Self>;
}

impl Narrow for U256 {
    fn uint_try_from_wide(wide: U512) -> Option<U256> {
        if wide.bit_len() > 256 {
            None
        } else {
            Some(wide.wrapping_to::<U256>())
        }
    }
}

#[cfg(test)]
mod tests;
