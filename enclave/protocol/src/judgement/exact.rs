//! The first block: is the metric exact, and if so, does it improve?
//!
//! Equal values alone prove nothing: a time in whole seconds is equal too. So the reference and the second of the
//! candidate's trials run beside a competing load ([`super::Speed::Hindered`]), and the values must be equal all the same.

use super::Decision;
use super::case::Case;
use super::reason::Reason;
use super::trial::{Arm, Speed, TrialRecord};
use crate::metric::Decimal;
use crate::schedule::{self, Phase};
use crate::verdict::{MetricKind, Verdict};

/// The arms of the block in the order they run, where `first` is the trial that it begins with.
pub(super) fn order(case: &Case, first: usize) -> Vec<Arm> {
    let arms = [case.reference(), Arm::Candidate, Arm::Candidate];
    let block = u16::try_from(first).unwrap_or(u16::MAX);
    schedule::order(&case.secret, Phase::Exact, block, &arms)
}

/// How fast the trial with this index, from 0 at `first`, runs: the candidate's first trial at full speed, so that its
/// time limit is the protocol's, the two others hindered, every trial behind the block at full speed.
pub(super) fn speed(case: &Case, first: usize, trial: usize) -> Speed {
    let order = order(case, first);
    let first_of_candidate = order.iter().position(|arm| *arm == Arm::Candidate);
    if trial < order.len() && Some(trial) != first_of_candidate {
        Speed::Hindered
    } else {
        Speed::Full
    }
}

/// The decision of an exact metric, `None` where the metric is not proved exact.
pub(super) fn decide(case: &Case, records: &[TrialRecord]) -> Option<Decision> {
    let metrics = |wanted: fn(Arm) -> bool| {
        records
            .iter()
            .filter(move |record| wanted(record.arm))
            .filter_map(|record| record.outcome.metric())
    };
    let reference: Decimal = metrics(|arm| arm != Arm::Candidate).next()?;
    let mut candidate = metrics(|arm| arm == Arm::Candidate);
    let (first, second) = (candidate.next()?, candidate.next()?);
    if first != second || case.score(&reference)? != case.reference_score() {
        return None;
    }
    let score = case.score(&first)?;
    let (verdict, reason) = if score < case.threshold()? {
        (Verdict::Reject, Reason::NoImprovement)
    } else if case.jumps_too_far(score) {
        (Verdict::Inconclusive, Reason::JumpAboveBound)
    } else {
        (Verdict::Approve, Reason::Improved)
    };
    Some(Decision {
        verdict,
        reason,
        kind: MetricKind::Exact,
        score,
        lower: score,
        upper: score,
    })
}
