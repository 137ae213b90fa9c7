//! Upstream's absolute sampling (openresearch.md 4.4): what a miner can compute at home. It is shown and never a reason
//! of a verdict (DESIGN 5.5), so it is in floating point, as upstream's is.

use orv_protocol::document::{Aggregator, NonNegativeNumber, Sampling};
use serde::Serialize;

/// Runs upstream discards where a protocol does not say.
const WARM_UPS: u32 = 1;

/// Runs upstream keeps where a protocol does not say.
const MEASURED: u64 = 5;

/// How often a protocol has its command run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SamplePlan {
    /// Runs that are discarded, first.
    pub warm_ups: u32,
    /// Runs that count.
    pub measured: u64,
    /// What becomes of them.
    pub aggregator: Aggregator,
}

impl SamplePlan {
    /// The protocol's plan, with upstream's defaults for what it leaves out.
    pub fn of(sampling: &Sampling) -> Self {
        Self {
            warm_ups: sampling.warmup_trials.unwrap_or(WARM_UPS),
            measured: sampling.measured_trials.map_or(MEASURED, |trials| trials.get().into()),
            aggregator: sampling.aggregator.unwrap_or(Aggregator::Median),
        }
    }
}

/// What upstream would make of several runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Aggregate {
    /// `median`, `mean`, `min` or `max`.
    pub aggregator: &'static str,
    /// How many metrics it is made of.
    pub count: usize,
    /// The aggregate.
    pub aggregate: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation of the sample, n - 1 below the line; 0 of one run.
    pub standard_deviation: f64,
    /// Standard deviation over the mean's magnitude; `None` where the mean is 0.
    pub cv: Option<f64>,
    /// Whether `cv` is above the protocol's `maxRelativeStdDev`.
    pub too_noisy: bool,
}

/// Aggregates the metrics of the runs that count; `None` of none, or of one that is not finite.
pub fn aggregate(metrics: &[f64], by: Aggregator, limit: Option<NonNegativeNumber>) -> Option<Aggregate> {
    if metrics.is_empty() || metrics.iter().any(|metric| !metric.is_finite()) {
        return None;
    }
    let count = metrics.len() as f64;
    let mean = metrics.iter().sum::<f64>() / count;
    let spread: f64 = metrics.iter().map(|metric| (metric - mean).powi(2)).sum();
    let standard_deviation = if metrics.len() > 1 {
        (spread / (count - 1.0)).sqrt()
    } else {
        0.0
    };
    let cv = (mean != 0.0).then(|| standard_deviation / mean.abs());
    let (name, aggregate) = match by {
        Aggregator::Median => ("median", median(metrics)?),
        Aggregator::Mean => ("mean", mean),
        Aggregator::Min => ("min", metrics.iter().copied().fold(f64::INFINITY, f64::min)),
        Aggregator::Max => ("max", metrics.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
    };
    Some(Aggregate {
        aggregator: name,
        count: metrics.len(),
        aggregate,
        mean,
        standard_deviation,
        cv,
        too_noisy: matches!((cv, limit), (Some(cv), Some(limit)) if cv > limit.get()),
    })
}

/// Of an even number the mean of the two middle ones.
fn median(metrics: &[f64]) -> Option<f64> {
    let mut sorted = metrics.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get(sorted.len().checked_sub(1)? / 2)?;
    Some((lower + upper) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aggregates_are_upstreams() {
        let of = |by| aggregate(&[4.0, 1.0, 2.0, 9.0], by, None).unwrap().aggregate;
        assert_eq!(
            [Aggregator::Median, Aggregator::Mean, Aggregator::Min, Aggregator::Max].map(of),
            [3.0, 4.0, 1.0, 9.0]
        );
        let noise = aggregate(&[1.0, 3.0], Aggregator::Mean, None).unwrap();
        assert_eq!((noise.standard_deviation, noise.cv), (2f64.sqrt(), Some(2f64.sqrt() / 2.0)));
    }

    #[test]
    fn one_run_has_no_spread_and_a_mean_of_zero_no_relative_one() {
        assert_eq!(aggregate(&[7.0], Aggregator::Median, None).unwrap().cv, Some(0.0));
        assert_eq!(aggregate(&[-1.0, 1.0], Aggregator::Median, None).unwrap().cv, None);
        assert_eq!(aggregate(&[], Aggregator::Median, None), None);
        assert_eq!(aggregate(&[f64::NAN], Aggregator::Median, None), None);
    }
}
