//! The published rule as a state machine: what to run next, and the decision once nothing more is needed. It depends on
//! the case and the outcomes alone, so an auditor who has both arrives where the enclave arrived.
//!
//! First one block of three trials: the reference once, the candidate twice, in an order drawn from the secret. If the
//! reference reproduces its score on chain exactly and the candidate gives one value twice, the metric is **exact**:
//! approve if the score reaches the incumbent's plus the margin, else reject.
//!
//! Otherwise it is **timed**: blocks of the snapshot, the incumbent (if it is code of its own), the candidate, and a
//! shadow of the reference, each once, in an order drawn anew for each block. Each block gives ratios of scores; each
//! ratio gets an [`Interval`] for its median. The score is what the worse end of candidate to incumbent makes of the
//! incumbent's score, but no more than the better end of candidate to snapshot makes of the baseline. Only where even
//! the better end of candidate to incumbent stays below the threshold is it a reject.
//!
//! Worse and better depend on the sign. A time of 2 s that is minimised is a score of -2 000 000; a candidate that takes
//! 0.9 of the incumbent's time has the ratio 0.9, and the score -1 800 000. For scores below zero the *larger* end of a
//! ratio is the worse one: an interval of 0.85 to 0.95 makes a score of -1 900 000, not of -1 700 000.
//!
//! A trial that does not count, a score of zero or of another sign, a shadow that differs from its twin, and anything
//! else that is neither clear success nor clear failure is inconclusive, with a [`Reason`] of its own.

mod case;
mod exact;
mod interval;
mod reason;
mod timed;
mod trial;

use crate::schedule::{self, Phase};
use crate::score::Score;
use crate::verdict::{MetricKind, Verdict};

pub use case::{Case, IncumbentSource, SHARED_MAX_JUMP};
pub use interval::{ATTEMPTS, Interval, MAXIMUM_TIMED_BLOCKS, MINIMUM_TIMED_BLOCKS, ONE_IN, rank};
pub use reason::Reason;
pub use timed::Intervals;
pub use trial::{Arm, TrialOutcome, TrialRecord, VoidCause};

/// Trials of the first block.
pub const EXACT_TRIALS: usize = 3;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Run this arm once, in a fresh tree.
    Run(Arm),
    /// Nothing more; this is the decision.
    Decided(Decision),
}

/// What a judgement ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Approve, reject, or neither.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// How the metric behaved; exact until it was found not to be.
    pub kind: MetricKind,
    /// The candidate's score; zero where an inconclusive attempt has none.
    pub score: Score,
    /// Least score that the measurement vouches for: `score` itself. An approval needs it to reach the threshold.
    pub lower: Score,
    /// Largest score that the measurement is compatible with, at least `score`: `score` itself where the metric is
    /// exact, what the better end of candidate to incumbent makes of the incumbent where it is timed. A rejection needs
    /// it to stay below the threshold.
    pub upper: Score,
}

impl Decision {
    /// The decision of an attempt that ended without a score: in [`Judgement`], or before it began because bytes were
    /// missing, a document was refused, or a preparation failed.
    pub fn inconclusive(kind: MetricKind, reason: Reason) -> Decision {
        Decision {
            verdict: Verdict::Inconclusive,
            reason,
            kind,
            score: Score::ZERO,
            lower: Score::ZERO,
            upper: Score::ZERO,
        }
    }
}

/// An outcome was recorded although the decision stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("judgement is decided after {trials} trials, nothing more is recorded")]
pub struct AlreadyDecided {
    /// Trials recorded.
    pub trials: usize,
}

/// Why recorded trials are not those of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// Another arm was due.
    #[error("trial {index} ran {recorded:?} where the rule runs {due:?}")]
    OtherArm {
        /// Which trial, from zero.
        index: usize,
        /// The arm that the rule runs.
        due: Arm,
        /// The arm on record.
        recorded: Arm,
    },
    /// The decision stood before.
    #[error("trial {index} was run after the decision")]
    AfterDecision {
        /// Which trial, from zero.
        index: usize,
    },
}

/// A judgement under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    case: Case,
    records: Vec<TrialRecord>,
}

impl Judgement {
    /// A judgement without trials.
    pub fn begin(case: Case) -> Self {
        Judgement {
            case,
            records: Vec::new(),
        }
    }

    /// A judgement with the trials of a receipt, each checked to be the one that the rule runs there.
    ///
    /// # Errors
    /// [`ReplayError`]: the first trial that the rule would not have run.
    pub fn replay(case: Case, records: &[TrialRecord]) -> Result<Self, ReplayError> {
        let mut judgement = Judgement::begin(case);
        for (index, record) in records.iter().enumerate() {
            match judgement.next() {
                Step::Decided(_) => return Err(ReplayError::AfterDecision { index }),
                Step::Run(due) if due != record.arm => {
                    return Err(ReplayError::OtherArm {
                        index,
                        due,
                        recorded: record.arm,
                    });
                }
                Step::Run(_) => judgement.records.push(*record),
            }
        }
        Ok(judgement)
    }

    /// What comes next; the same until an outcome is recorded.
    pub fn next(&self) -> Step {
        if let Some(reason) = self.case.refused() {
            return Step::Decided(Decision::inconclusive(MetricKind::Exact, reason));
        }
        let kind = if self.records.len() <= EXACT_TRIALS {
            MetricKind::Exact
        } else {
            MetricKind::Timed
        };
        if let Some(reason) = self.voided() {
            return Step::Decided(Decision::inconclusive(kind, reason));
        }
        let reference = self.case.reference();
        let arms = [reference, Arm::Candidate, Arm::Candidate];
        let first = schedule::order(&self.case.secret, Phase::Exact, 0, &arms);
        if let Some(arm) = first.get(self.records.len()) {
            return Step::Run(*arm);
        }
        let (first, blocks) = self.records.split_at(EXACT_TRIALS.min(self.records.len()));
        match exact::decide(&self.case, first) {
            Some(decision) => Step::Decided(decision),
            None => timed::next(&self.case, blocks),
        }
    }

    /// Records how the trial ended that [`Self::next`] asked for.
    ///
    /// # Errors
    /// [`AlreadyDecided`].
    pub fn record(&mut self, outcome: TrialOutcome) -> Result<(), AlreadyDecided> {
        match self.next() {
            Step::Run(arm) => {
                self.records.push(TrialRecord { arm, outcome });
                Ok(())
            }
            Step::Decided(_) => Err(AlreadyDecided {
                trials: self.records.len(),
            }),
        }
    }

    /// The trials so far, in the order they were run.
    pub fn records(&self) -> &[TrialRecord] {
        &self.records
    }

    /// What is judged.
    pub fn case(&self) -> &Case {
        &self.case
    }

    /// The intervals of a timed judgement whose blocks are complete, for a receipt to show; `None` before and otherwise.
    pub fn intervals(&self) -> Option<Intervals> {
        let blocks = self.records.get(EXACT_TRIALS..)?;
        Intervals::of(&self.case, &timed::complete_blocks(&self.case, blocks)?).ok()
    }

    /// The first trial that does not count ends the attempt.
    fn voided(&self) -> Option<Reason> {
        self.records.iter().find_map(|record| {
            let cause = match record.outcome {
                TrialOutcome::Void(cause) => cause,
                TrialOutcome::Metric(metric) if self.case.score(&metric).is_none() => VoidCause::MetricOutOfRange,
                TrialOutcome::Metric(_) => return None,
            };
            Some(Reason::of_void(record.arm.party(), cause))
        })
    }
}

#[cfg(test)]
mod tests;
