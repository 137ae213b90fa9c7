//! Which trials are compared, and what becomes of a judgement whose incumbent can no longer be measured.
//!
//! An incumbent's author may have left a date in the code: from then on it crashes, hangs, or prints what is no number.
//! Were that the end of an attempt, nobody could ever take its place. So the first trial of the incumbent's code that
//! says nothing sets it aside: a second round begins as if its bytes were missing (DESIGN 5.5), with the snapshot as the
//! reference and the score and margin on chain as they are. Its trials are drawn by the numbers that they have in the
//! whole attempt, so none of its draws was made before.

use super::EXACT_TRIALS;
use super::Measured;
use super::case::{Case, IncumbentSource};
use super::exact;
use super::trial::{Arm, Speed};

/// A case, and the trial that its first block begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Round {
    pub(super) case: Case,
    pub(super) first: usize,
}

impl Round {
    pub(super) fn begin(case: &Case) -> Round {
        Round {
            case: case.clone(),
            first: 0,
        }
    }

    /// How fast the trial with this index in the whole attempt runs.
    pub(super) fn speed(&self, trial: usize) -> Speed {
        exact::speed(&self.case, self.first, trial.saturating_sub(self.first))
    }

    /// The round that follows a trial of the incumbent's code which says nothing; `None` while it is heard. `run` trials
    /// are on record, the last of them is this one; `counted` is `None` where it does not count.
    pub(super) fn without_the_incumbent(&self, run: usize, arm: Arm, counted: Option<&Measured>) -> Option<Round> {
        let of_incumbent =
            self.case.incumbent_source == IncumbentSource::Code && matches!(arm, Arm::Incumbent | Arm::Shadow);
        let timed = run.saturating_sub(self.first) > EXACT_TRIALS;
        // A time of nothing ends a timed judgement, and so does a machine that was taken away; a program can have both
        // on purpose, the second by resting whenever the processor's accounts are made.
        let heard = counted
            .is_some_and(|trial| !timed || (trial.score.signum() == self.case.incumbent.signum() && !trial.disturbed));
        (of_incumbent && !heard).then(|| Round {
            case: Case {
                incumbent_source: IncumbentSource::MissingBytes,
                ..self.case.clone()
            },
            first: run,
        })
    }
}
