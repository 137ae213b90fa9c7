//! A confidence interval of a median that supposes nothing about the noise but that each observation lies below the
//! median as often as above it, whatever came before.
//!
//! The number of observations below the true median of a continuous distribution is binomial with one half, so the
//! interval between the k-th smallest and the k-th largest of n observations misses it with probability
//! `2 x sum_{j<k} C(n, j) / 2^n`, and with ties no more often (H. A. David, H. N. Nagaraja, Order Statistics, 3rd
//! edition, 7.1; W. J. Conover, Practical Nonparametric Statistics, 3rd edition, 3.2). All of it is integers.

use alloy_primitives::U512;

use crate::score::{Bips, Ratio};

/// Attempts that a proposal has over all keys (DESIGN 5.2).
pub const ATTEMPTS: u32 = 3;
/// One in this many proposals at most meets an interval that misses: 99.9 %, over all of its attempts (DESIGN 5.5).
pub const ONE_IN: u32 = 1000;
/// Fewest observations whose extremes make an interval that good: 2 / 2^13 <= 1 / 3000, and 2 / 2^12 is not.
const FEWEST: u16 = 13;
/// Most observations; beyond, the sum of the binomial leaves its integers.
const MOST: u16 = 255;

/// The k of the rule above: the largest for which the interval still misses rarely enough, `None` for fewer than 13
/// observations and for more than 255.
///
/// ```
/// use orv_protocol::judgement::rank;
/// assert_eq!([12, 13, 16, 17, 27].map(rank), [None, Some(1), Some(1), Some(2), Some(5)]);
/// ```
pub fn rank(observations: u16) -> Option<u16> {
    if !(FEWEST..=MOST).contains(&observations) {
        return None;
    }
    let all = U512::from(1) << usize::from(observations);
    let weight = U512::from(u64::from(ATTEMPTS) * u64::from(ONE_IN) * 2);
    let mut binomial = U512::from(1);
    let mut below = U512::ZERO;
    let mut rank = 0;
    for chosen in 0..observations {
        below += binomial;
        if below * weight > all {
            break;
        }
        rank = chosen + 1;
        // C(n, j + 1) = C(n, j) x (n - j) / (j + 1), without remainder.
        binomial = binomial * U512::from(observations - chosen) / U512::from(chosen + 1);
    }
    (rank > 0).then_some(rank)
}

/// An interval of ratios, both ends inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Its smaller end.
    pub low: Ratio,
    /// Its larger end.
    pub high: Ratio,
    /// The sample's median, of an even number the lower one; of a hull its first part's.
    pub middle: Ratio,
}

impl Interval {
    /// The interval of the median of these ratios, at least `floor` wide on each side of the sample's median. `None`
    /// where there are too few or too many ratios, or numbers leave their range.
    pub(super) fn of(ratios: Vec<Ratio>, floor: Bips) -> Option<Interval> {
        let rank = usize::from(rank(u16::try_from(ratios.len()).ok()?)?);
        Interval::between(ratios, rank, floor)
    }

    /// From the smallest to the largest of these ratios, however few they are.
    pub(super) fn of_extremes(ratios: Vec<Ratio>, floor: Bips) -> Option<Interval> {
        Interval::between(ratios, 1, floor)
    }

    /// The smallest interval that holds both.
    pub(super) fn hull(self, other: Interval) -> Interval {
        Interval {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            middle: self.middle,
        }
    }

    fn between(mut ratios: Vec<Ratio>, rank: usize, floor: Bips) -> Option<Interval> {
        ratios.sort();
        let from_below = |place: usize| ratios.get(place.checked_sub(1)?).copied();
        let count = ratios.len();
        let (low, high) = (from_below(rank)?, from_below(count + 1 - rank)?);
        // The two middle ones, which are one where the count is odd.
        let (lower_median, upper_median) = (from_below(count.div_ceil(2))?, from_below(count / 2 + 1)?);
        Some(Interval {
            low: low.min(lower_median.lowered(floor)?),
            high: high.max(upper_median.raised(floor)?),
            middle: lower_median,
        })
    }

    /// Whether the two sides may be the same.
    pub fn contains_one(&self) -> bool {
        self.low <= Ratio::ONE && Ratio::ONE <= self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::Score;

    #[test]
    fn ranks_are_the_largest_that_miss_rarely_enough() {
        for blocks in FEWEST..=120 {
            let rank = rank(blocks).unwrap();
            let missed = |rank: u16| {
                (0..u128::from(rank))
                    .map(|j| (0..j).fold(1_u128, |c, i| c * (u128::from(blocks) - i) / (i + 1)))
                    .sum::<u128>()
            };
            let allowed = |rank: u16| missed(rank).checked_mul(6000).unwrap() <= 1_u128 << blocks;
            assert!(allowed(rank) && !allowed(rank + 1), "{blocks}");
        }
    }

    #[test]
    fn too_few_and_too_many_blocks_have_no_rank() {
        assert_eq!([0, 12, 256, u16::MAX].map(rank), [None; 4]);
        assert!(rank(MOST).is_some());
    }

    fn ratios(numerators: impl IntoIterator<Item = i64>) -> Vec<Ratio> {
        numerators
            .into_iter()
            .map(|numerator| Ratio::of(Score::from(numerator), Score::from(1000)).unwrap())
            .collect()
    }

    #[test]
    fn seventeen_ratios_leave_their_extremes_out() {
        let interval = Interval::of(ratios((1..=17).rev()), Bips(0)).unwrap();
        assert_eq!(vec![interval.low, interval.high], ratios([2, 16]));
    }

    #[test]
    fn the_noise_floor_widens_a_narrow_interval_and_leaves_a_wide_one() {
        let narrow = Interval::of(ratios([1000; 13]), Bips(100)).unwrap();
        assert_eq!(vec![narrow.low, narrow.high], ratios([990, 1010]));
        let wide = Interval::of(ratios((0..13).map(|block| 800 + block)), Bips(1)).unwrap();
        assert_eq!(vec![wide.low, wide.high], ratios([800, 812]));
    }
}
