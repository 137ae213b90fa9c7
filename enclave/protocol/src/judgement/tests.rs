mod properties;
mod set_aside;

use super::*;
use crate::score::{Bips, Direction, Scale, SignRule};
use crate::verdict::{MetricChannel, PlatformTier};

/// A project that maximises, at scale one, whose incumbent is code of its own.
fn case() -> Case {
    Case {
        direction: Direction::Maximize,
        sign_rule: SignRule::NegateIfMinimize,
        scale: Scale::try_from(1).unwrap(),
        margin: Bips(100),
        noise_floor: None,
        max_jump: None,
        baseline: Score::from(500),
        incumbent: Score::from(1000),
        incumbent_source: IncumbentSource::Code,
        channel: MetricChannel::Split,
        tier: PlatformTier::TrustedCounter,
        secret: [5; 32],
    }
}

/// Drives a judgement; `metric` says what trial number n of an arm measures.
fn run(case: Case, metric: impl Fn(Arm, usize) -> i64) -> (Decision, Vec<TrialRecord>) {
    run_outcomes(case, |arm, count| {
        TrialOutcome::Metric(metric(arm, count).to_string().parse().unwrap())
    })
}

fn run_outcomes(case: Case, outcome: impl Fn(Arm, usize) -> TrialOutcome) -> (Decision, Vec<TrialRecord>) {
    let mut judgement = Judgement::begin(case);
    for _ in 0..5000 {
        match judgement.next() {
            Step::Decided(decision) => return (decision, judgement.records().to_vec()),
            Step::Run(arm) => {
                let count = judgement.records().iter().filter(|record| record.arm == arm).count();
                judgement.record(outcome(arm, count)).unwrap();
            }
        }
    }
    panic!("no decision")
}

fn exact(candidate: i64) -> Decision {
    run(case(), |arm, _| if arm == Arm::Candidate { candidate } else { 1000 }).0
}

/// A timed judgement: the reference at a little more than twice the snapshot on this machine too, but never twice alike.
fn timed(case: Case, candidate: impl Fn(i64) -> i64) -> Decision {
    run(case, |arm, count| {
        let noise = count as i64 % 3;
        match arm {
            Arm::Snapshot => 499_000 + noise,
            Arm::Incumbent | Arm::Shadow => 1_000_000 + noise,
            Arm::Candidate => candidate(noise),
        }
    })
    .0
}

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

#[test]
fn a_clear_timed_improvement_is_scored_by_its_worse_end() {
    let decision = timed(case(), |noise| 1_100_000 + noise);
    assert_eq!(
        (decision.verdict, decision.reason),
        (Verdict::Approve, Reason::Improved)
    );
    assert_eq!((decision.kind, decision.score), (MetricKind::Timed, Score::from(1099)));
    assert!(decision.lower <= decision.score && decision.score <= decision.upper);
}

#[test]
fn a_minimised_time_is_scored_by_the_larger_end_of_its_ratio() {
    let case = Case {
        direction: Direction::Minimize,
        baseline: Score::from(-2_000_000),
        incumbent: Score::from(-1_000_000),
        ..case()
    };
    // The incumbent takes 1.3 s here; the candidate between 0.900 and 0.923 of it.
    let decision = run(case, |arm, count| match arm {
        Arm::Snapshot => 2_600_000,
        Arm::Incumbent | Arm::Shadow => 1_300_000,
        Arm::Candidate if count % 2 == 0 => 1_200_000,
        Arm::Candidate => 1_170_000,
    })
    .0;
    assert_eq!(decision.verdict, Verdict::Approve);
    assert!(decision.score <= Score::from(-923_077) && decision.score >= Score::from(-950_000));
    assert!(decision.upper >= Score::from(-900_000) && decision.upper <= Score::from(-870_000));
}

#[test]
fn only_a_loss_is_a_reject() {
    let below = timed(case(), |noise| 990_000 + noise);
    assert_eq!((below.verdict, below.reason), (Verdict::Reject, Reason::NoImprovement));
    let short = timed(case(), |noise| 1_005_000 + noise);
    assert_eq!(
        (short.verdict, short.reason),
        (Verdict::Inconclusive, Reason::ShortOfMargin)
    );
    let straddles = timed(case(), |noise| 1_000_000 + 20_000 * noise);
    assert_eq!(
        (straddles.verdict, straddles.reason),
        (Verdict::Inconclusive, Reason::IntervalStraddles)
    );
}

#[test]
fn values_that_are_all_the_same_are_no_loss() {
    // A time in whole seconds hides a difference; it must not become one.
    let decision = run(case(), |arm, _| if arm == Arm::Snapshot { 500 } else { 999 }).0;
    assert_eq!(
        (decision.kind, decision.reason),
        (MetricKind::Timed, Reason::ShortOfMargin)
    );
}

#[test]
fn an_incumbent_that_held_back_makes_no_loser_of_who_beats_its_score() {
    // On chain it is twice the snapshot; here it is 2.2 times as good, and the candidate 2.1 times.
    let decision = run(case(), |arm, count| match arm {
        Arm::Snapshot => 500_000,
        Arm::Incumbent | Arm::Shadow => 1_100_000 + count as i64 % 2,
        Arm::Candidate => 1_050_000,
    })
    .0;
    assert_eq!(
        (decision.verdict, decision.reason),
        (Verdict::Inconclusive, Reason::SnapshotDisagrees)
    );
}

/// Drives a judgement of a project whose metric is what a trial took, written in steps of `step`.
fn run_clock(case: Case, took: impl Fn(Arm) -> i64, step: i64) -> Decision {
    let mut judgement = Judgement::begin(case);
    loop {
        match judgement.next() {
            Step::Decided(decision) => return decision,
            Step::Run(arm) => {
                let slowed = match judgement.speed() {
                    Speed::Full => took(arm),
                    Speed::Hindered => 2 * took(arm),
                };
                let metric = (slowed / step).to_string().parse().unwrap();
                judgement.record(TrialOutcome::Metric(metric)).unwrap();
            }
        }
    }
}

#[test]
fn a_time_in_whole_seconds_is_not_taken_for_exact() {
    let case = Case {
        direction: Direction::Minimize,
        baseline: Score::from(-12),
        incumbent: Score::from(-12),
        incumbent_source: IncumbentSource::Snapshot,
        ..case()
    };
    // 12.9 s become 12.1 s: the clock shows 12 for both, however often they run.
    let took = |arm| if arm == Arm::Candidate { 12_100 } else { 12_900 };
    let decision = run_clock(case, took, 1000);
    assert_eq!(
        (decision.kind, decision.verdict, decision.reason),
        (MetricKind::Timed, Verdict::Inconclusive, Reason::ShortOfMargin)
    );
}

#[test]
fn the_reference_and_one_trial_of_the_candidate_are_hindered() {
    for secret in 0..40 {
        let case = Case {
            secret: [secret; 32],
            ..case()
        };
        let (_, records) = run(case.clone(), |arm, count| {
            if arm == Arm::Candidate {
                900 + count as i64
            } else {
                1000
            }
        });
        let judgement = Judgement::replay(case, &records).unwrap();
        let speeds: Vec<(Arm, Speed)> = (0..)
            .zip(&records)
            .map(|(index, record)| (record.arm, judgement.speed_of(index)))
            .collect();
        let (exact, timed) = speeds.split_at(EXACT_TRIALS);
        assert!(exact.contains(&(Arm::Incumbent, Speed::Hindered)));
        let of_candidate = exact.iter().filter(|(arm, _)| *arm == Arm::Candidate);
        let of_candidate: Vec<Speed> = of_candidate.map(|(_, speed)| *speed).collect();
        assert_eq!(of_candidate, [Speed::Full, Speed::Hindered]);
        assert!(timed.iter().all(|(_, speed)| *speed == Speed::Full));
    }
}

#[test]
fn stolen_time_ends_a_timed_judgement_and_no_exact_one() {
    let disturbed = |metric: fn(Arm, usize) -> i64| {
        run_outcomes(case(), move |arm, count| {
            TrialOutcome::Metric(metric(arm, count).to_string().parse().unwrap()).disturbed()
        })
        .0
    };
    let exact = disturbed(|arm, _| if arm == Arm::Candidate { 1010 } else { 1000 });
    assert_eq!((exact.kind, exact.verdict), (MetricKind::Exact, Verdict::Approve));
    let timed = disturbed(|arm, count| {
        if arm == Arm::Candidate {
            2000 + count as i64
        } else {
            1000
        }
    });
    assert_eq!(timed, Decision::inconclusive(MetricKind::Timed, Reason::StolenTime));
}

#[test]
fn an_improvement_must_hold_against_the_snapshot_too() {
    // The incumbent has become slow: a tenth better than it, yet only 1.5 times the snapshot, where 2.02 are needed.
    let decision = run(case(), |arm, count| match arm {
        Arm::Snapshot => 500_000,
        Arm::Incumbent | Arm::Shadow => 700_000 + count as i64 % 2,
        Arm::Candidate => 770_000,
    })
    .0;
    assert_eq!(
        (decision.verdict, decision.reason),
        (Verdict::Inconclusive, Reason::SnapshotDisagrees)
    );
}

#[test]
fn a_shadow_that_differs_from_its_twin_ends_in_no_verdict() {
    let decision = run(case(), |arm, _| match arm {
        Arm::Snapshot => 500_000,
        Arm::Incumbent => 1_000_000,
        Arm::Shadow => 1_000_001,
        Arm::Candidate => 2_000_000,
    })
    .0;
    assert_eq!(
        decision,
        Decision::inconclusive(MetricKind::Timed, Reason::ShadowDisagrees)
    );
}

#[test]
fn a_noise_floor_widens_every_interval() {
    let with_floor = Case {
        noise_floor: Some(Bips(600)),
        ..case()
    };
    assert_eq!(
        timed(with_floor.clone(), |noise| 1_050_000 + noise).reason,
        Reason::IntervalStraddles
    );
    assert_eq!(timed(with_floor, |noise| 1_200_000 + noise).verdict, Verdict::Approve);
    assert_eq!(timed(case(), |noise| 1_050_000 + noise).verdict, Verdict::Approve);
}

#[test]
fn zero_and_the_other_sign_end_a_timed_judgement() {
    assert_eq!(timed(case(), |noise| noise).reason, Reason::ZeroOrSign);
    assert_eq!(timed(case(), |noise| -1 - noise).reason, Reason::ZeroOrSign);
    let zero = Case {
        incumbent: Score::ZERO,
        baseline: Score::from(-1),
        ..case()
    };
    assert_eq!(timed(zero, |noise| 5 + noise).reason, Reason::ZeroOrSign);
}

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

#[test]
fn nothing_is_recorded_after_the_decision() {
    let mut judgement = Judgement::begin(Case {
        incumbent: Score::from(1),
        ..case()
    });
    let refused = judgement.record(TrialOutcome::Void(VoidCause::Timeout));
    assert_eq!(refused, Err(AlreadyDecided { trials: 0 }));
}

#[test]
fn a_record_of_other_trials_is_not_replayed() {
    let (_, records) = run(case(), |arm, _| if arm == Arm::Candidate { 1010 } else { 1000 });
    assert!(Judgement::replay(case(), &records).is_ok());
    let mut extended = records.clone();
    extended.push(records[0]);
    assert_eq!(
        Judgement::replay(case(), &extended),
        Err(ReplayError::AfterDecision { index: 3 })
    );
    let mut other = records.clone();
    other[1].arm = Arm::Shadow;
    assert!(matches!(
        Judgement::replay(case(), &other),
        Err(ReplayError::OtherArm {
            index: 1,
            recorded: Arm::Shadow,
            ..
        })
    ));
}

#[test]
fn codes_are_distinct_short_and_read_back() {
    let mut codes: Vec<&str> = Reason::all().iter().map(|reason| reason.code()).collect();
    assert!(
        codes
            .iter()
            .all(|code| code.len() <= 32 && code.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase()))
    );
    for reason in Reason::all() {
        assert_eq!(Reason::from_bytes32(&reason.bytes32()), Some(*reason));
        assert!(reason.explain().ends_with('.'));
    }
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Reason::all().len());
    assert_eq!(Reason::from_bytes32(&[0; 32]), None);
}

#[test]
fn the_table_of_reasons_is_published() {
    let rows: Vec<String> = Reason::all()
        .iter()
        .map(|reason| format!("{reason}: {}", reason.explain()))
        .collect();
    insta::assert_snapshot!(rows.join("\n"));
}
