//! How far apart trials lie, what that makes of a timed verdict, and how long a verdict takes (docs/creator.md).

use std::time::Duration;

use orv_chain::primitives::U256;
use orv_protocol::judgement::{Case, EXACT_TRIALS, IncumbentSource, Judgement, Step, TrialOutcome};
use orv_protocol::metric::Decimal;
use orv_protocol::score::Score;
use orv_receipt::Observation;
use orv_trial::JOB_TIME;

/// What several trials of one tree tell about a timed verdict, in basis points of the middle score.
///
/// One trial's standard deviation is estimated by the range of the trials over the constant `d2` of their number (ISO
/// 7870-2, table 2). The rule's interval is then expected to reach [`HALF_WIDTH`] standard deviations to either side of
/// the true ratio: 13 pairs, each the ratio of two trials, reach from the smallest to the largest
/// `1.67 x sqrt(2) = 2.4`, and the 27 ratios against the past about 2.0; the hull of both is taken for 2.5.
///
/// A candidate is approved where the margin and half an interval fit into its gain. A margin below half an interval
/// therefore asks for less than the measurement can tell: it does not make smaller gains pay, it only makes them
/// inconclusive. So half an interval is the smallest margin that makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noise {
    /// From the least to the greatest score.
    pub range_bips: u64,
    /// Half of the interval that the rule is expected to give.
    pub half_width_bips: u64,
}

/// Standard deviations of one trial on either side of the true ratio, times 1000.
const HALF_WIDTH: u64 = 2500;

/// Mean range of 2, 3, … samples of a normal distribution in standard deviations, times 1000.
const MEAN_RANGE: [u64; 24] = [
    1128, 1693, 2059, 2326, 2534, 2704, 2847, 2970, 3078, 3173, 3258, 3336, 3407, 3472, 3532, 3588, 3640, 3689, 3735,
    3778, 3819, 3858, 3895, 3931,
];

impl Noise {
    /// Of these scores; nothing of fewer than two, or where their middle is zero. Of more than 25 the range is taken as
    /// that of 25, which errs toward more noise.
    pub fn of(scores: &[Score]) -> Option<Self> {
        let mut sorted = scores.to_vec();
        sorted.sort();
        let (least, greatest) = (sorted.first()?, sorted.last()?);
        let middle = sorted.get((sorted.len() - 1) / 2)?.magnitude();
        let mean_range = MEAN_RANGE.get(sorted.len().checked_sub(2)?).or(MEAN_RANGE.last())?;
        // Measured scores have at most 192 bits, so no step leaves 256; one that does says nothing.
        let range = greatest.0.checked_sub(least.0)?.unsigned_abs();
        let parts = range.checked_mul(U256::from(10_000))?;
        if middle.is_zero() {
            return None;
        }
        let range_bips = u64::try_from(parts.div_ceil(middle)).unwrap_or(u64::MAX / HALF_WIDTH);
        Some(Self {
            range_bips,
            half_width_bips: range_bips.saturating_mul(HALF_WIDTH).div_ceil(*mean_range),
        })
    }
}

/// What one verdict takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerdictCost {
    /// Trials in the middle.
    pub trials: usize,
    /// Most trials of all orders that were looked at.
    pub most_trials: usize,
    /// Time of the most trials, without preparation.
    pub time: Duration,
}

/// Orders that are looked at.
const ORDERS: u8 = 32;

impl VerdictCost {
    /// Of an exact metric: the three trials of the first block, two of them beside a load that makes them twice as long.
    pub fn exact(trial: Duration) -> Self {
        Self {
            trials: EXACT_TRIALS,
            most_trials: EXACT_TRIALS,
            time: trial.saturating_mul(5),
        }
    }

    /// Of a timed one, by the rule itself: how many trials it asks for in orders drawn from so many secrets.
    pub fn timed(case: &Case, incumbent: IncumbentSource, trial: Duration) -> Self {
        let mut counts: Vec<usize> = (0..ORDERS)
            .map(|number| asked_for(case, incumbent, [number; 32]))
            .collect();
        counts.sort_unstable();
        let trials = counts.get(counts.len() / 2).copied().unwrap_or_default();
        let most_trials = counts.last().copied().unwrap_or_default();
        let all = u32::try_from(most_trials).unwrap_or(u32::MAX);
        Self {
            trials,
            most_trials,
            time: trial.saturating_mul(all.saturating_add(2)),
        }
    }

    /// Whether a job may take that long. Preparation comes on top of it.
    pub fn fits(&self) -> bool {
        self.time < JOB_TIME
    }
}

/// Trials until a decision where no metric is ever twice the same.
fn asked_for(case: &Case, incumbent_source: IncumbentSource, secret: [u8; 32]) -> usize {
    let mut judgement = Judgement::begin(Case {
        incumbent_source,
        secret,
        ..case.clone()
    });
    let mut trials: u32 = 0;
    while let Step::Run(_) = judgement.next() {
        trials += 1;
        let metric: Result<Decimal, _> = format!("{}", 1_000_000 + trials).parse();
        let Ok(metric) = metric else { break };
        if judgement.record(TrialOutcome::Metric(metric)).is_err() {
            break;
        }
    }
    judgement.records().len()
}

/// The middle wall time of the trials.
pub fn wall_time<'a>(observations: impl Iterator<Item = &'a Observation>) -> Duration {
    let mut times: Vec<u64> = observations.map(|seen| seen.measured.wall_nanoseconds).collect();
    times.sort_unstable();
    Duration::from_nanos(times.get(times.len() / 2).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(scores: &[i64]) -> Option<(u64, u64)> {
        let scores: Vec<Score> = scores.iter().copied().map(Score::from).collect();
        Noise::of(&scores).map(|noise| (noise.range_bips, noise.half_width_bips))
    }

    #[test]
    fn the_interval_follows_from_the_range_and_the_number_of_trials() {
        // 20 in 1000 are 200 basis points; of three trials 200 / 1.693 x 2.5.
        assert_eq!(noise(&[-1010, -990, -1000]), Some((200, 296)));
        // The more trials have the same range, the steadier is each.
        assert_eq!(noise(&[-1010, -990, -1000, -1000, -1000]), Some((200, 215)));
        assert_eq!(noise(&[7, 7]), Some((0, 0)));
    }

    #[test]
    fn one_trial_and_a_middle_of_zero_say_nothing() {
        assert_eq!([noise(&[]), noise(&[5]), noise(&[0, 0, 1])], [None; 3]);
    }
}
