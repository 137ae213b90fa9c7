//! What pairs of a timed metric decide.

use super::*;

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
