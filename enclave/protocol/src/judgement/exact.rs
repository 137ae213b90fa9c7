//! The first block: is the metric exact, and if so, does it improve?

use super::Decision;
use super::case::Case;
use super::reason::Reason;
use super::trial::{Arm, TrialOutcome, TrialRecord};
use crate::metric::Decimal;
use crate::verdict::{MetricKind, Verdict};

/// The decision of an exact metric, `None` where the metric is not proved exact.
pub(super) fn decide(case: &Case, records: &[TrialRecord]) -> Option<Decision> {
    let metrics = |wanted: fn(Arm) -> bool| {
        records
            .iter()
            .filter(move |record| wanted(record.arm))
            .filter_map(|record| match record.outcome {
                TrialOutcome::Metric(metric) => Some(metric),
                TrialOutcome::Void(_) => None,
            })
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
