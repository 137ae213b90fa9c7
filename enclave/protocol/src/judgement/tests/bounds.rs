//! What is not believed, and what is not begun.

use super::*;

#[test]
fn a_jump_above_the_bound_is_not_believed() {
    let decide = |max_jump, channel, candidate| {
        let case = Case {
            max_jump,
            channel,
            ..case()
        };
        run(case, |arm, _| if arm == Arm::Candidate { candidate } else { 1000 })
            .0
            .reason
    };
    assert_eq!(decide(Some(2), MetricChannel::Split, 2000), Reason::Improved);
    assert_eq!(decide(Some(2), MetricChannel::Split, 2001), Reason::JumpAboveBound);
    assert_eq!(decide(None, MetricChannel::Split, 1_000_000), Reason::Improved);
    assert_eq!(decide(None, MetricChannel::Shared, 10_001), Reason::JumpAboveBound);
    let bounded = Case {
        max_jump: Some(2),
        ..case()
    };
    assert_eq!(timed(bounded, |noise| 2_100_000 + noise).reason, Reason::JumpAboveBound);
}

#[test]
fn a_minimised_metric_jumps_when_the_incumbent_is_a_multiple_of_it() {
    let case = Case {
        direction: Direction::Minimize,
        baseline: Score::from(-1000),
        incumbent: Score::from(-1000),
        incumbent_source: IncumbentSource::Snapshot,
        max_jump: Some(10),
        ..case()
    };
    let decide = |candidate| {
        run(
            case.clone(),
            |arm, _| if arm == Arm::Candidate { candidate } else { 1000 },
        )
        .0
        .reason
    };
    assert_eq!(decide(100), Reason::Improved);
    assert_eq!(decide(99), Reason::JumpAboveBound);
    assert_eq!(decide(0), Reason::JumpAboveBound);
    assert_eq!(decide(-5), Reason::JumpAboveBound);
}

#[test]
fn a_weak_counter_decides_exact_metrics_only() {
    let weak = Case {
        tier: PlatformTier::WeakCounter,
        ..case()
    };
    assert_eq!(timed(weak.clone(), |_| 2_000_000).reason, Reason::WeakCounter);
    assert_eq!(
        run(weak, |arm, _| if arm == Arm::Candidate { 1010 } else { 1000 })
            .0
            .verdict,
        Verdict::Approve
    );
}

#[test]
fn a_project_that_cannot_be_judged_runs_nothing() {
    let first = |case| Judgement::begin(case).next();
    let decided = |reason| Step::Decided(Decision::inconclusive(MetricKind::Exact, reason));
    let upstream = Case {
        direction: Direction::Minimize,
        ..case()
    };
    assert_eq!(first(upstream), decided(Reason::MinimisePositiveBaseline));
    assert_eq!(
        first(Case {
            incumbent: Score::from(499),
            ..case()
        }),
        decided(Reason::OddProjectState)
    );
    let snapshot = Case {
        incumbent_source: IncumbentSource::Snapshot,
        ..case()
    };
    assert_eq!(first(snapshot), decided(Reason::OddProjectState));
    let highest = Case {
        incumbent: Score(alloy_primitives::I256::MAX),
        ..case()
    };
    assert_eq!(first(highest), decided(Reason::ScoreOutOfRange));
}

#[test]
fn a_metric_too_large_for_a_score_is_void() {
    let huge = "9".repeat(60);
    let outcome = |arm, _| {
        TrialOutcome::Metric(if arm == Arm::Candidate {
            huge.parse().unwrap()
        } else {
            "1000".parse().unwrap()
        })
    };
    assert_eq!(run_outcomes(case(), outcome).0.reason, Reason::MetricOutOfRange);
}
