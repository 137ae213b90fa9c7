//! Two arms measured in one sequence of trials, and the interval of the ratio between them.
//!
//! Every trial's arm is drawn by itself, each side as likely as the other. Two sets of ratios are made of the sequence,
//! each for another danger, and the interval is the hull of theirs.
//!
//! - **Pairs**: each trial with the latest trial of the other side that is still alone. No trial is in two pairs, so the
//!   ratios are independent whatever the noise of either side is like; candidates that vary on purpose gain nothing. A
//!   host that steers by the pairs can bend them all; the other set is there for hosts.
//! - **Against the past**: each trial alone, against the middle between the two sides' medians of their last
//!   [`WINDOW`] trials. Where `r` is the true ratio and `o`, `u` are the medians, a trial `x` of the upper side speaks for
//!   more than `r` if `x / r > (o / r + u) / 2`, that is, if `r < (2x - o) / u`; one of the lower side if
//!   `x < (o / r + u) / 2`, that is, if `r < o / (2x - u)`. The middle is made of the past alone, and who has seen all of
//!   the past does not know which side comes: whatever a host does to the machine's speed, if the sides differ by `r`
//!   alone, the coin that draws the arm makes the trial speak for more or for less with one half each. So these ratios
//!   have `r` as their median against every host that cannot see which arm runs **now**, even if it knows all arms before.

use std::collections::VecDeque;

use alloy_primitives::U256;

use super::interval::Interval;
use super::reason::Reason;
use crate::score::{Bips, Ratio, Score};

/// Pairs of one comparison: the fewest with an interval.
pub const PAIRS: usize = 13;
/// Ratios against the past of one comparison: the interval is from the fifth smallest to the fifth largest.
pub const RATIOS: usize = 27;
/// Pairs of reference and shadow. From the smallest to the largest of eight ratios misses once in 128, which is too
/// often for a verdict and just right for an alarm.
pub const SHADOW_PAIRS: usize = 8;
/// Trials of a side that the middle is made of, so that slow drift is followed.
const WINDOW: usize = 5;

/// Which part of the ratio a trial is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Over,
    Under,
}

/// The trials of two sides, in the order they were run; all scores have one sign and none is zero.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    trials: Vec<(Side, U256)>,
}

impl Comparison {
    pub(super) fn add(&mut self, side: Side, score: Score) {
        self.trials.push((side, score.magnitude()));
    }

    /// Whether there are enough trials for both sets of ratios.
    pub(super) fn is_complete(&self) -> bool {
        self.fewer() >= PAIRS && self.with_a_past() >= RATIOS
    }

    /// Trials of the side that has fewer: how many pairs there are.
    pub(super) fn fewer(&self) -> usize {
        let over = self.trials.iter().filter(|(side, _)| *side == Side::Over).count();
        over.min(self.trials.len() - over)
    }

    /// Trials before which both sides had run.
    fn with_a_past(&self) -> usize {
        let first = |wanted| self.trials.iter().position(|(side, _)| *side == wanted);
        match (first(Side::Over), first(Side::Under)) {
            (Some(over), Some(under)) => self.trials.len() - over.max(under) - 1,
            _ => 0,
        }
    }

    /// The interval of the ratio, of exactly [`PAIRS`] pairs and [`RATIOS`] ratios: the first.
    pub(super) fn interval(&self, floor: Bips) -> Result<Interval, Reason> {
        let pairs = Interval::of(self.pairs(PAIRS), floor).ok_or(Reason::ScoreOutOfRange)?;
        let past = Interval::of(self.against_the_past(), floor).ok_or(Reason::ScoreOutOfRange)?;
        Ok(pairs.hull(past))
    }

    /// The interval of the pairs alone, from the smallest to the largest.
    pub(super) fn alarm(&self, floor: Bips) -> Result<Interval, Reason> {
        Interval::of_extremes(self.pairs(SHADOW_PAIRS), floor).ok_or(Reason::ScoreOutOfRange)
    }

    fn pairs(&self, most: usize) -> Vec<Ratio> {
        let mut alone: Vec<(Side, U256)> = Vec::new();
        let mut ratios = Vec::new();
        for (side, score) in &self.trials {
            // Only trials of one side are ever alone at the same time.
            match alone.pop_if(|(other, _)| other != side) {
                Some((Side::Over, over)) => ratios.push(Ratio::of_magnitudes(over, *score)),
                Some((Side::Under, under)) => ratios.push(Ratio::of_magnitudes(*score, under)),
                None => alone.push((*side, *score)),
            }
        }
        ratios.truncate(most);
        ratios
    }

    fn against_the_past(&self) -> Vec<Ratio> {
        let (mut over, mut under) = (Past::default(), Past::default());
        let mut ratios = Vec::with_capacity(RATIOS);
        for (side, score) in &self.trials {
            if let (Some(middle_over), Some(middle_under)) = (over.median(), under.median()) {
                // A measured score has at most 192 bits, so its double fits. What lies beyond twice or half of the past
                // is as far away as a ratio can be.
                let doubled = score.saturating_mul(U256::from(2));
                ratios.push(match side {
                    Side::Over => Ratio::of_magnitudes(doubled.saturating_sub(middle_over), middle_under),
                    Side::Under => Ratio::of_magnitudes(middle_over, doubled.saturating_sub(middle_under)),
                });
            }
            match side {
                Side::Over => over.add(*score),
                Side::Under => under.add(*score),
            }
        }
        ratios.truncate(RATIOS);
        ratios
    }
}

/// The last trials of one side.
#[derive(Debug, Default)]
struct Past(VecDeque<U256>);

impl Past {
    fn add(&mut self, score: U256) {
        if self.0.len() == WINDOW {
            self.0.pop_front();
        }
        self.0.push_back(score);
    }

    /// The median; of an even number the lower one.
    fn median(&self) -> Option<U256> {
        let mut sorted: Vec<U256> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len().checked_sub(1)? / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(trials: &[(Side, i64)]) -> Comparison {
        let mut comparison = Comparison::default();
        for (side, score) in trials {
            comparison.add(*side, Score::from(*score));
        }
        comparison
    }

    fn ratio(over: i64, under: i64) -> Ratio {
        Ratio::of(Score::from(over), Score::from(under)).unwrap()
    }

    #[test]
    fn a_trial_is_paired_with_the_latest_of_the_other_side_and_only_once() {
        use Side::{Over, Under};
        let trials = of(&[(Over, 1), (Over, 2), (Under, 3), (Under, 4), (Under, 5), (Over, 6)]);
        assert_eq!(trials.pairs(9), [ratio(2, 3), ratio(1, 4), ratio(6, 5)]);
        assert_eq!(trials.pairs(2).len(), 2);
    }

    #[test]
    fn a_trial_speaks_for_the_ratio_that_puts_it_in_the_middle() {
        use Side::{Over, Under};
        let trials = of(&[(Over, 120), (Under, 100), (Over, 121), (Under, 90)]);
        // (2 x 121 - 120) / 100, then 120 / (2 x 90 - 100): of 120 and 121 the lower one is the median.
        assert_eq!(trials.against_the_past(), [ratio(122, 100), ratio(120, 80)]);
    }

    #[test]
    fn a_trial_beyond_all_bounds_speaks_for_a_ratio_beyond_all_bounds() {
        use Side::{Over, Under};
        let trials = of(&[(Over, 100), (Under, 100), (Over, 40), (Under, 50)]);
        assert_eq!(trials.against_the_past(), [ratio(1, 100), ratio(40, 1)]);
    }
}
