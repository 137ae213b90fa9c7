//! Exact quotients for means and spreads.

use std::cmp::Ordering;
use std::fmt;

use alloy_primitives::{Sign, Uint};

use super::MOST_TRIALS;
use crate::metric::Decimal;
use crate::score::{Bips, Direction, Scale, Score};

/// A metric has at most 200 bits over at most 200; the longest product of the rule (two distances, compared) stays
/// below 1100, the largest of a spread below 1300.
type Wide = Uint<2048, 32>;

/// An exact quotient of whole numbers.
///
/// Shown as a decimal: exactly where that ends within 60 places, else its first 18 places with `~` in front.
#[derive(Debug, Clone)]
pub struct Quotient {
    sign: Sign,
    numerator: Wide,
    denominator: Wide,
}

impl Quotient {
    /// Zero.
    pub const ZERO: Quotient = Quotient {
        sign: Sign::Positive,
        numerator: Wide::ZERO,
        denominator: Wide::ONE,
    };

    /// Whether it improves on a baseline as upstream compares (openresearch.md 4.5): by the margin, inclusive; without a
    /// margin, strictly. With a baseline of zero every margin is zero, so equality counts; the ledger would refuse it.
    pub fn improves_on(&self, baseline: &Quotient, margin: Bips, direction: Direction) -> bool {
        let step = Quotient {
            sign: Sign::Positive,
            numerator: baseline.numerator * Wide::from(margin.0),
            denominator: baseline.denominator * Wide::from(10_000_u64),
        };
        let (reached, required) = match direction {
            Direction::Maximize => (self.cmp(&baseline.plus(&step)), Ordering::Greater),
            Direction::Minimize => (self.cmp(&baseline.plus(&step.negated())), Ordering::Less),
        };
        reached == required || (margin.0 > 0 && reached == Ordering::Equal)
    }

    /// The metric that a score on chain stands for: over the scale, and negated where the project minimises.
    pub fn of_score(score: Score, scale: Scale, direction: Direction) -> Quotient {
        let quotient = Quotient {
            sign: score.0.sign(),
            numerator: Wide::from(score.magnitude()),
            denominator: Wide::from(scale.get()),
        };
        match direction {
            Direction::Maximize => quotient,
            Direction::Minimize => quotient.negated(),
        }
    }

    /// The mean of at most [`MOST_TRIALS`] metrics; `None` of none.
    pub(super) fn mean(samples: &[Quotient]) -> Option<Quotient> {
        let denominator = common_denominator(samples)?;
        let (positive, negative) = sums(samples, denominator);
        let count = Wide::from(samples.len());
        let (sign, numerator) = difference(positive, negative);
        Some(Quotient {
            sign,
            numerator,
            denominator: denominator.checked_mul(count)?,
        })
    }

    /// The squared quotient of sample standard deviation and mean: `n(n Σx² - S²) / ((n - 1) S²)`. `None` where the mean
    /// is zero; zero for one sample.
    pub(super) fn squared_relative_deviation(samples: &[Quotient]) -> Option<Quotient> {
        let denominator = common_denominator(samples)?;
        let (positive, negative) = sums(samples, denominator);
        let (_, sum) = difference(positive, negative);
        let count = Wide::from(samples.len());
        let squares = samples
            .iter()
            .map(|sample| sample.over(denominator))
            .fold(Wide::ZERO, |squares, value| squares + value * value);
        let spread = (count * squares).saturating_sub(sum * sum);
        if sum.is_zero() {
            return None;
        }
        if samples.len() == 1 {
            return Some(Quotient::ZERO);
        }
        Some(Quotient {
            sign: Sign::Positive,
            numerator: count * spread,
            denominator: (count - Wide::ONE) * sum * sum,
        })
    }

    /// The distance to another metric or mean.
    pub(super) fn distance(&self, other: &Quotient) -> Quotient {
        let mut distance = self.plus(&other.clone().negated());
        distance.sign = Sign::Positive;
        distance
    }

    pub(super) fn times(&self, other: &Quotient) -> Quotient {
        Quotient {
            sign: self.sign * other.sign,
            numerator: self.numerator * other.numerator,
            denominator: self.denominator * other.denominator,
        }
    }

    fn negated(mut self) -> Quotient {
        self.sign = -self.sign;
        self
    }

    fn plus(&self, other: &Quotient) -> Quotient {
        let (left, right) = (self.numerator * other.denominator, other.numerator * self.denominator);
        let (sign, numerator) = if self.sign == other.sign {
            (self.sign, left + right)
        } else if self.sign == Sign::Positive {
            difference(left, right)
        } else {
            difference(right, left)
        };
        Quotient {
            sign,
            numerator,
            denominator: self.denominator * other.denominator,
        }
    }

    /// Its numerator over a denominator that its own divides.
    fn over(&self, denominator: Wide) -> Wide {
        self.numerator * (denominator / self.denominator)
    }

    fn sign_of_value(&self) -> i8 {
        match (self.numerator.is_zero(), self.sign) {
            (true, _) => 0,
            (false, Sign::Positive) => 1,
            (false, Sign::Negative) => -1,
        }
    }
}

/// The largest denominator: all are powers of ten. `None` where there is no sample, or more than are counted.
fn common_denominator(samples: &[Quotient]) -> Option<Wide> {
    let counted = samples.len() <= MOST_TRIALS;
    samples
        .iter()
        .map(|sample| sample.denominator)
        .max()
        .filter(|_| counted)
}

/// Sums of the positive and of the negative numerators over one denominator.
fn sums(samples: &[Quotient], denominator: Wide) -> (Wide, Wide) {
    let of = |sign| {
        samples
            .iter()
            .filter(|sample| sample.sign == sign)
            .fold(Wide::ZERO, |sum, sample| sum + sample.over(denominator))
    };
    (of(Sign::Positive), of(Sign::Negative))
}

fn difference(left: Wide, right: Wide) -> (Sign, Wide) {
    if left >= right {
        (Sign::Positive, left - right)
    } else {
        (Sign::Negative, right - left)
    }
}

impl From<&Decimal> for Quotient {
    fn from(metric: &Decimal) -> Self {
        Quotient {
            sign: metric.sign(),
            numerator: Wide::from(metric.digits()),
            denominator: Wide::from(metric.denominator()),
        }
    }
}

impl Ord for Quotient {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_sign = self.sign_of_value().cmp(&other.sign_of_value());
        let (left, right) = (self.numerator * other.denominator, other.numerator * self.denominator);
        by_sign.then_with(|| match self.sign {
            Sign::Positive => left.cmp(&right),
            Sign::Negative => right.cmp(&left),
        })
    }
}

impl PartialOrd for Quotient {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Quotient {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Quotient {}

impl fmt::Display for Quotient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST_PLACES: usize = 60;
        const PLACES: usize = 18;
        let (whole, mut rest) = self.numerator.div_rem(self.denominator);
        let mut places = String::new();
        while !rest.is_zero() && places.len() < MOST_PLACES {
            let (digit, left) = (rest * Wide::from(10_u64)).div_rem(self.denominator);
            places.push_str(&digit.to_string());
            rest = left;
        }
        if !rest.is_zero() {
            places.truncate(PLACES);
            formatter.write_str("~")?;
        }
        if self.sign_of_value() < 0 {
            formatter.write_str("-")?;
        }
        write!(formatter, "{whole}")?;
        match places.as_str() {
            "" => Ok(()),
            places => write!(formatter, ".{places}"),
        }
    }
}
