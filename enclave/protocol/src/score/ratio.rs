//! How many times better one score is than another, exactly.

use std::cmp::Ordering;

use alloy_primitives::{Sign, U256, U512};

use super::{Bips, Narrow, Score};

/// The exact quotient of two scores of the same sign: positive, compared by cross multiplication, never divided.
///
/// Both parts fit 256 bits, so every product of two parts, and of a part with a score, fits 512.
#[derive(Debug, Clone, Copy)]
pub struct Ratio {
    numerator: U256,
    denominator: U256,
}

impl Ratio {
    /// One.
    pub const ONE: Ratio = Ratio {
        numerator: U256::ONE,
        denominator: U256::ONE,
    };

    /// `numerator / denominator`; `None` where either is zero or their signs differ, for a relative change has no
    /// meaning there.
    pub fn of(numerator: Score, denominator: Score) -> Option<Ratio> {
        if numerator.signum() == 0 || numerator.signum() != denominator.signum() {
            return None;
        }
        Some(Ratio {
            numerator: numerator.magnitude(),
            denominator: denominator.magnitude(),
        })
    }

    /// The quotient of two magnitudes, each at least one.
    pub(crate) fn of_magnitudes(numerator: U256, denominator: U256) -> Ratio {
        Ratio {
            numerator: numerator.max(U256::ONE),
            denominator: denominator.max(U256::ONE),
        }
    }

    /// This ratio less a part of itself; zero from 10 000 on. `None` where 256 bits do not hold it.
    pub fn lowered(self, by: Bips) -> Option<Ratio> {
        self.scaled(10_000_u64.saturating_sub(u64::from(by.0)))
    }

    /// This ratio and a part of itself more. `None` where 256 bits do not hold it.
    pub fn raised(self, by: Bips) -> Option<Ratio> {
        self.scaled(10_000_u64.saturating_add(u64::from(by.0)))
    }

    fn scaled(self, parts_of_ten_thousand: u64) -> Option<Ratio> {
        Some(Ratio {
            numerator: self.numerator.checked_mul(U256::from(parts_of_ten_thousand))?,
            denominator: self.denominator.checked_mul(U256::from(10_000))?,
        })
    }

    /// `score x ratio`, rounded toward minus infinity; `None` where no `int256` holds it.
    pub fn times(self, score: Score) -> Option<Score> {
        let product = U512::from(score.magnitude()) * U512::from(self.numerator);
        let (whole, rest) = product.div_rem(U512::from(self.denominator));
        let sign = score.0.sign();
        let magnitude = match sign {
            Sign::Negative if !rest.is_zero() => whole.checked_add(U512::from(1))?,
            Sign::Negative | Sign::Positive => whole,
        };
        Score::from_parts(sign, U256::uint_try_from_wide(magnitude)?)
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        let left = U512::from(self.numerator) * U512::from(other.denominator);
        let right = U512::from(other.numerator) * U512::from(self.denominator);
        left.cmp(&right)
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ratio {}
