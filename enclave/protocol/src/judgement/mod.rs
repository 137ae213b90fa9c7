//! The published rule as a state machine: what to run next, and the decision once nothing more is needed. It depends on
//! the case and the outcomes alone, so an auditor who has both arrives where the enclave arrived.
//!
//! First one block of three trials: the reference once, the candidate twice, in an order drawn from the secret. The
//! reference and the candidate's second trial run beside a competing load ([`Speed`]). If the reference reproduces its
//! score on chain exactly and the candidate gives one value twice all the same, the metric is **exact**: approve if the
//! score reaches the incumbent's plus the margin, else reject. Otherwise these trials have warmed the machine and count
//! no more.
//!
//! Then it is **timed**: trials of the candidate, of the reference's code (in turn as itself and as its shadow), and, if
//! the incumbent is code of its own, of the snapshot. Each is drawn anew, equally likely, until every comparison has
//! [`PAIRS`] pairs and [`RATIOS`] ratios against the past; both make an [`Interval`] of the ratio, and the wider ends
//! count. The score is what the worse end of candidate to incumbent makes of the incumbent's score, but no more than what
//! that of candidate to snapshot makes of the baseline: gains add up only as far as they hold against the one program
//! that nobody can replace.
//!
//! A host that sees no arms can bend how large a difference looks (a pause in each trial makes it small), but not who is
//! ahead. So a timed **reject** is a loss and not a shortfall: even the better end of candidate to incumbent stays below
//! the incumbent itself, and even that of candidate to snapshot below the threshold.
//!
//! Worse and better depend on the sign. A time of 2 s that is minimised is a score of -2 000 000; a candidate that takes
//! 0.9 of the incumbent's time has the ratio 0.9, and the score -1 800 000. For scores below zero the *larger* end of a
//! ratio is the worse one: an interval of 0.85 to 0.95 makes a score of -1 900 000, not of -1 700 000.
//!
//! What the trial before leaves behind (warm caches, heat, a slow clock) meets whichever arm is drawn next, so it is
//! noise and favours none; nothing has to be washed out between two trials.
//!
//! An incumbent that crashes or varies at will from the day on which it has won locks no project: a trial of its code that
//! says nothing sets it aside, and a second round goes by the snapshot alone (`round`).
//!
//! Otherwise a trial that does not count, a score of zero or of another sign, a shadow that differs from its twin, a machine that
//! was taken away during a timed trial, and anything else that is neither clear success nor clear failure is
//! inconclusive, with a [`Reason`] of its own.

mod case;
mod comparison;
mod exact;
mod interval;
mod reason;
mod round;
mod timed;
mod trial;

use crate::score::Score;
use crate::verdict::{MetricKind, Verdict};
use round::Round;

pub use case::{Case, IncumbentSource, SHARED_MAX_JUMP};
pub use comparison::{PAIRS, RATIOS, SHADOW_PAIRS};
pub use interval::{ATTEMPTS, Interval, ONE_IN, rank};
pub use reason::Reason;
pub use timed::{Intervals, MOST_TIMED_TRIALS};
pub use trial::{Arm, Speed, TrialOutcome, TrialRecord, VoidCause};

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
    /// exact; where it is timed what the better end of candidate to incumbent makes of the incumbent, or that of
    /// candidate to snapshot of the baseline, whichever is larger. A rejection needs it to stay below the threshold.
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

/// A trial that counts, as the timed rule reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Measured {
    arm: Arm,
    score: Score,
    disturbed: bool,
}

/// A judgement under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    case: Case,
    records: Vec<TrialRecord>,
    /// Which trials are compared, and whose code the reference is.
    round: Round,
    /// The trials of the round that count; all of them, unless one is void.
    measured: Vec<Measured>,
    /// The first trial that does not count ends the attempt.
    voided: Option<Reason>,
}

impl Judgement {
    /// A judgement without trials.
    pub fn begin(case: Case) -> Self {
        Judgement {
            round: Round::begin(&case),
            case,
            records: Vec::new(),
            measured: Vec::new(),
            voided: None,
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
                Step::Run(_) => judgement.take(*record),
            }
        }
        Ok(judgement)
    }

    /// What comes next; the same until an outcome is recorded.
    pub fn next(&self) -> Step {
        if let Some(reason) = self.case.refused() {
            return Step::Decided(Decision::inconclusive(MetricKind::Exact, reason));
        }
        let Round { case, first } = &self.round;
        let records = self.records.get(*first..).unwrap_or_default();
        let kind = if records.len() <= EXACT_TRIALS {
            MetricKind::Exact
        } else {
            MetricKind::Timed
        };
        if let Some(reason) = self.voided {
            return Step::Decided(Decision::inconclusive(kind, reason));
        }
        let Some((block, _)) = records.split_at_checked(EXACT_TRIALS) else {
            return match exact::order(case, *first).get(records.len()) {
                Some(arm) => Step::Run(*arm),
                None => Step::Decided(Decision::inconclusive(kind, Reason::RunnerFault)),
            };
        };
        match exact::decide(case, block) {
            Some(decision) => Step::Decided(decision),
            None => timed::next(case, *first, self.timed()),
        }
    }

    /// How fast the trial may run that [`Self::next`] asks for.
    pub fn speed(&self) -> Speed {
        self.round.speed(self.records.len())
    }

    /// How fast the trial with this index, from 0, had to run; of one that is not on record, as if it came next.
    pub fn speed_of(&self, trial: usize) -> Speed {
        if trial < self.round.first {
            exact::speed(&self.case, 0, trial)
        } else {
            self.round.speed(trial)
        }
    }

    /// Whose code an arm runs from here on: the shadow that of the reference, every other its own.
    pub fn code_of(&self, arm: Arm) -> Arm {
        match arm {
            Arm::Shadow => self.round.case.reference(),
            other => other,
        }
    }

    /// The trial from which on the incumbent's code is not measured any more; `None` where it is, or where there is none.
    pub fn set_aside_at(&self) -> Option<usize> {
        (self.round.first > 0).then_some(self.round.first)
    }

    /// Records how the trial ended that [`Self::next`] asked for.
    ///
    /// # Errors
    /// [`AlreadyDecided`].
    pub fn record(&mut self, outcome: TrialOutcome) -> Result<(), AlreadyDecided> {
        match self.next() {
            Step::Run(arm) => {
                self.take(TrialRecord { arm, outcome });
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

    /// The intervals of a timed judgement whose comparisons are complete, for a receipt to show; `None` before and
    /// otherwise.
    pub fn intervals(&self) -> Option<Intervals> {
        let comparisons = timed::Comparisons::of(&self.round.case, self.timed());
        if comparisons.are_complete() {
            Intervals::of(&self.round.case, &comparisons).ok()
        } else {
            None
        }
    }

    fn timed(&self) -> &[Measured] {
        self.measured.get(EXACT_TRIALS..).unwrap_or_default()
    }

    fn take(&mut self, record: TrialRecord) {
        let TrialRecord { arm, outcome } = record;
        self.records.push(record);
        let disturbed = matches!(outcome, TrialOutcome::Disturbed(_));
        let counted = match outcome {
            TrialOutcome::Void(cause) => Err(cause),
            TrialOutcome::Metric(metric) | TrialOutcome::Disturbed(metric) => {
                self.case.score(&metric).ok_or(VoidCause::MetricOutOfRange)
            }
        };
        let counted = counted.map(|score| Measured { arm, score, disturbed });
        if let Some(next) = self
            .round
            .without_the_incumbent(self.records.len(), arm, counted.ok().as_ref())
        {
            self.round = next;
            self.measured.clear();
            return;
        }
        match counted {
            Ok(trial) => self.measured.push(trial),
            Err(cause) => self.voided = self.voided.or(Some(Reason::of_void(arm.party(), cause))),
        }
    }
}

#[cfg(test)]
mod tests;
