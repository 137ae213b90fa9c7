//! Upstream's own way to a figure, from several runs of one tree (openresearch.md 4.4, 4.5): warm-ups, an aggregate, a
//! bound on the spread, and a comparison with the incumbent.
//!
//! A miner can compute it anywhere, and a receipt shows it for what the candidate's trials gave. It decides nothing: an
//! absolute figure of one machine says little on another, so verdicts are made by [`crate::judgement`]. Upstream counts
//! in floats; here every step is exact.
//!
//! ```
//! use orv_protocol::document::Aggregator;
//! use orv_protocol::metric::Decimal;
//! use orv_protocol::sampling::{Plan, Quotient, Spread};
//! use orv_protocol::score::{Bips, Direction};
//!
//! let metrics: Vec<Decimal> = ["9", "1.0", "1.2", "1.1", "1.3"].iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
//! let plan = Plan { warmups: 1, measured: 4, aggregator: Aggregator::Median, most_spread: None };
//! let figure = plan.figure(&metrics).ok_or("no trial is left")?;
//! assert_eq!(figure.aggregate.to_string(), "1.15");
//! assert_eq!(figure.spread, Spread::Unbounded);
//! let baseline = Quotient::from(&"1.2".parse::<Decimal>()?);
//! assert!(figure.aggregate.improves_on(&baseline, Bips(100), Direction::Minimize));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod quotient;

use crate::document::{Aggregator, Measurement, NonNegativeNumber};
use crate::metric::Decimal;

pub use quotient::Quotient;

/// Most measured trials that are aggregated; all intermediates fit their integers up to here.
pub const MOST_TRIALS: usize = 4096;

/// Which runs count and what becomes of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Runs at the beginning that do not count.
    pub warmups: u64,
    /// Runs after them that do.
    pub measured: u64,
    /// What becomes of them.
    pub aggregator: Aggregator,
    /// The bound on standard deviation over mean.
    pub most_spread: Option<NonNegativeNumber>,
}

/// What the runs give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// The aggregate of the measured runs.
    pub aggregate: Quotient,
    /// How many there were; fewer than the plan's where a job did not run that many.
    pub measured: usize,
    /// The measured run that lies closest to the aggregate, from 1; the first of several.
    pub representative: usize,
    /// Whether they lie too far apart.
    pub spread: Spread,
}

/// Whether measured runs lie too far apart: the sample's standard deviation over its mean's magnitude against the bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// The protocol sets no bound.
    Unbounded,
    /// At most the bound; also where the mean is zero, as upstream has it.
    Within,
    /// Above the bound: upstream scores no such sample.
    TooNoisy,
}

impl Plan {
    /// The plan of a protocol, with upstream's defaults: 1 warm-up, 5 measured, their median, no bound.
    pub fn of(measurement: &Measurement) -> Plan {
        let sampling = measurement.sampling.as_ref();
        Plan {
            warmups: sampling
                .and_then(|sampling| sampling.warmup_trials)
                .map_or(1, u64::from),
            measured: sampling
                .and_then(|sampling| sampling.measured_trials)
                .map_or(5, |trials| trials.get()),
            aggregator: sampling
                .and_then(|sampling| sampling.aggregator)
                .unwrap_or(Aggregator::Median),
            most_spread: sampling.and_then(|sampling| sampling.max_relative_std_dev),
        }
    }

    /// The figure of metrics in the order of their runs; `None` where none is left after the warm-ups. Runs beyond the
    /// plan's, and beyond [`MOST_TRIALS`], do not count.
    pub fn figure(&self, metrics: &[Decimal]) -> Option<Figure> {
        let warmups = usize::try_from(self.warmups).unwrap_or(usize::MAX);
        let most = usize::try_from(self.measured).unwrap_or(usize::MAX).min(MOST_TRIALS);
        let measured = metrics.get(warmups..)?;
        let measured = measured.get(..most).unwrap_or(measured);
        let samples: Vec<Quotient> = measured.iter().map(Quotient::from).collect();
        let aggregate = aggregate(self.aggregator, &samples)?;
        let representative = samples
            .iter()
            .enumerate()
            .min_by_key(|(_, sample)| sample.distance(&aggregate))
            .map_or(1, |(index, _)| index + 1);
        Some(Figure {
            spread: self.spread(&samples),
            aggregate,
            measured: samples.len(),
            representative,
        })
    }

    fn spread(&self, samples: &[Quotient]) -> Spread {
        let Some(bound) = self.most_spread else {
            return Spread::Unbounded;
        };
        // The shortest decimal that reads as this float is what was written. One with too many digits is beyond any
        // spread or below any.
        let text = format!("{}", bound.get());
        let bound = match text.parse::<Decimal>() {
            Ok(bound) => Quotient::from(&bound),
            Err(_) if bound.get() >= 1.0 => return Spread::Within,
            Err(_) => Quotient::ZERO,
        };
        let squared = Quotient::squared_relative_deviation(samples);
        if squared.is_some_and(|squared| squared > bound.times(&bound)) {
            Spread::TooNoisy
        } else {
            Spread::Within
        }
    }
}

fn aggregate(aggregator: Aggregator, samples: &[Quotient]) -> Option<Quotient> {
    match aggregator {
        Aggregator::Min => samples.iter().min().cloned(),
        Aggregator::Max => samples.iter().max().cloned(),
        Aggregator::Mean => Quotient::mean(samples),
        Aggregator::Median => {
            let mut ordered = samples.to_vec();
            ordered.sort();
            let middle = ordered.len() / 2;
            let from = if ordered.len().is_multiple_of(2) {
                middle.checked_sub(1)?
            } else {
                middle
            };
            Quotient::mean(ordered.get(from..=middle)?)
        }
    }
}
