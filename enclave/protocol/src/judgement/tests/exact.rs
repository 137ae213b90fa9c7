//! What three trials of an exact metric decide, and when a metric is none.

use super::*;

#[test]
fn an_exact_metric_takes_three_trials() {
    let (decision, records) = run(case(), |arm, _| if arm == Arm::Candidate { 1010 } else { 1000 });
    assert_eq!(records.len(), EXACT_TRIALS);
    assert_eq!((decision.verdict, decision.kind), (Verdict::Approve, MetricKind::Exact));
    assert_eq!(
        (decision.score, decision.lower, decision.upper),
        (Score::from(1010), Score::from(1010), Score::from(1010))
    );
}

#[test]
fn the_margin_is_inclusive() {
    assert_eq!(
        (exact(1010).verdict, exact(1010).reason),
        (Verdict::Approve, Reason::Improved)
    );
    assert_eq!(
        (exact(1009).verdict, exact(1009).reason),
        (Verdict::Reject, Reason::NoImprovement)
    );
    assert_eq!(exact(1000).verdict, Verdict::Reject);
    assert_eq!(exact(0).verdict, Verdict::Reject);
}

#[test]
fn a_minimised_exact_metric_improves_downward() {
    let case = Case {
        direction: Direction::Minimize,
        baseline: Score::from(-2000),
        incumbent: Score::from(-1000),
        ..case()
    };
    let decide = |candidate| {
        run(
            case.clone(),
            |arm, _| if arm == Arm::Candidate { candidate } else { 1000 },
        )
        .0
    };
    assert_eq!(
        (decide(990).verdict, decide(990).score),
        (Verdict::Approve, Score::from(-990))
    );
    assert_eq!(decide(991).verdict, Verdict::Reject);
}

#[test]
fn exactness_is_proved_and_never_assumed() {
    let reference_differs = run(case(), |arm, _| if arm == Arm::Candidate { 2000 } else { 1001 }).0;
    assert_eq!(reference_differs.kind, MetricKind::Timed);
    let candidate_differs = run(case(), |arm, count| {
        if arm == Arm::Candidate {
            2000 + count as i64
        } else {
            1000
        }
    })
    .0;
    assert_eq!(candidate_differs.kind, MetricKind::Timed);
}

#[test]
fn with_the_incumbents_bytes_missing_the_snapshot_reproduces_the_baseline() {
    let case = Case {
        incumbent_source: IncumbentSource::MissingBytes,
        ..case()
    };
    let (decision, records) = run(case, |arm, _| if arm == Arm::Candidate { 1010 } else { 500 });
    assert_eq!((decision.verdict, decision.kind), (Verdict::Approve, MetricKind::Exact));
    assert!(records.iter().all(|record| record.arm != Arm::Incumbent));
}

#[test]
fn a_trial_that_does_not_count_decides_nothing_about_the_candidate() {
    let outcome = |void: Arm| {
        move |arm, _| {
            if arm == void {
                TrialOutcome::Void(VoidCause::Timeout)
            } else {
                TrialOutcome::Metric("1000".parse().unwrap())
            }
        }
    };
    let reason = |void| run_outcomes(case(), outcome(void)).0;
    assert_eq!(
        reason(Arm::Candidate),
        Decision::inconclusive(MetricKind::Exact, Reason::CandidateTimeout)
    );
    let snapshots = Case {
        incumbent: Score::from(500),
        incumbent_source: IncumbentSource::Snapshot,
        ..case()
    };
    assert_eq!(
        run_outcomes(snapshots, outcome(Arm::Snapshot)).0,
        Decision::inconclusive(MetricKind::Exact, Reason::ReferenceTimeout)
    );
}

#[test]
fn a_void_trial_in_the_blocks_ends_the_attempt_at_once() {
    let (decision, records) = run_outcomes(case(), |arm, count| match (arm, count) {
        (Arm::Candidate, 3) => TrialOutcome::Void(VoidCause::ExitCode(1)),
        (_, count) => TrialOutcome::Metric((1000 + count).to_string().parse().unwrap()),
    });
    assert_eq!(
        decision,
        Decision::inconclusive(MetricKind::Timed, Reason::CandidateExit)
    );
    assert_eq!(records.last().map(|record| record.arm), Some(Arm::Candidate));
    assert!(records.len() < EXACT_TRIALS + RATIOS);
}
