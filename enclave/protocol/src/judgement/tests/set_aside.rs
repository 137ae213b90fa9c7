//! An incumbent that can no longer be measured locks no project and earns its author nothing.

use super::*;

fn metric(value: i64) -> TrialOutcome {
    TrialOutcome::Metric(value.to_string().parse().unwrap())
}

fn crash() -> TrialOutcome {
    TrialOutcome::Void(VoidCause::ExitCode(1))
}

/// A time in microseconds that is minimised: the snapshot takes 2 s, the incumbent took 1 s when it won.
fn time() -> Case {
    Case {
        direction: Direction::Minimize,
        baseline: Score::from(-2_000_000),
        incumbent: Score::from(-1_000_000),
        ..case()
    }
}

#[test]
fn an_incumbent_that_crashes_leaves_an_exact_metric_to_the_snapshot() {
    for (candidate, verdict) in [(1010, Verdict::Approve), (1009, Verdict::Reject)] {
        let (decision, records) = run_outcomes(case(), |arm, _| match arm {
            Arm::Snapshot => metric(500),
            Arm::Candidate => metric(candidate),
            Arm::Incumbent | Arm::Shadow => crash(),
        });
        assert_eq!((decision.verdict, decision.kind), (verdict, MetricKind::Exact));
        let of_incumbent = records.iter().filter(|record| record.arm == Arm::Incumbent);
        assert_eq!(of_incumbent.count(), 1);
    }
}

#[test]
fn whatever_an_incumbent_does_late_its_trial_says_nothing_and_the_snapshot_decides() {
    let late: [fn(i64) -> TrialOutcome; 4] = [
        |_| crash(),
        |_| metric(0),
        |_| metric(-1_000_000),
        |time| metric(time).disturbed(),
    ];
    for (index, fails) in late.into_iter().enumerate() {
        let mut judgement = Judgement::begin(time());
        let decision = loop {
            let noise = judgement.records().len() as i64 % 3;
            let outcome = match judgement.next() {
                Step::Decided(decision) => break decision,
                Step::Run(arm) => match judgement.code_of(arm) {
                    Arm::Candidate => metric(900_000 + noise),
                    Arm::Incumbent if judgement.records().len() > 30 => fails(1_000_000 + noise),
                    Arm::Incumbent => metric(1_000_001 + noise),
                    _ => metric(2_000_001 + noise),
                },
            };
            judgement.record(outcome).unwrap();
        };
        let records = judgement.records();
        assert!(judgement.set_aside_at().is_some());
        assert_eq!(
            (decision.verdict, decision.kind),
            (Verdict::Approve, MetricKind::Timed),
            "{index}"
        );
        assert!(decision.score >= Score::from(-901_000), "{}", decision.score);
        assert!(records.len() < 2 * (EXACT_TRIALS + MOST_TIMED_TRIALS));
    }
}

#[test]
fn a_second_round_is_drawn_anew_and_its_shadow_is_the_snapshots() {
    let mut judgement = Judgement::begin(time());
    let mut after = Vec::new();
    while let Step::Run(arm) = judgement.next() {
        if judgement.set_aside_at().is_some() {
            assert_eq!(judgement.code_of(Arm::Shadow), Arm::Snapshot);
            after.push((arm, judgement.speed()));
        } else {
            assert_eq!(judgement.code_of(Arm::Shadow), Arm::Incumbent);
        }
        let took = match arm {
            Arm::Incumbent => crash(),
            Arm::Candidate => metric(900_000 + after.len() as i64),
            Arm::Snapshot | Arm::Shadow => metric(2_000_001),
        };
        judgement.record(took).unwrap();
    }
    let first = judgement.set_aside_at().unwrap();
    assert_eq!(after.len() + first, judgement.records().len());
    assert!(after.iter().all(|(arm, _)| *arm != Arm::Incumbent));
    let hindered = |(_, speed): &&(Arm, Speed)| *speed == Speed::Hindered;
    assert_eq!(after.iter().take(EXACT_TRIALS).filter(hindered).count(), 2);
    let replayed = Judgement::replay(time(), judgement.records()).unwrap();
    assert_eq!(replayed.next(), judgement.next());
    for (index, (_, speed)) in after.iter().enumerate() {
        assert_eq!(replayed.speed_of(first + index), *speed);
    }
}

#[test]
fn a_snapshot_that_fails_in_the_second_round_ends_the_attempt() {
    let (decision, _) = run_outcomes(case(), |arm, _| match arm {
        Arm::Candidate => metric(1010),
        _ => crash(),
    });
    assert_eq!(
        decision,
        Decision::inconclusive(MetricKind::Exact, Reason::ReferenceExit)
    );
}

#[test]
fn the_candidates_own_failure_sets_nobody_aside() {
    let (decision, records) = run_outcomes(case(), |arm, count| match arm {
        Arm::Candidate if count == 1 => crash(),
        _ => metric(1000),
    });
    assert_eq!(decision.reason, Reason::CandidateExit);
    assert!(records.len() <= EXACT_TRIALS);
}

/// An incumbent that takes ten times as long whenever it likes.
fn erratic(candidate: i64) -> Decision {
    let turn = std::cell::Cell::new(0);
    run_outcomes(time(), |arm, count| {
        let noise = count as i64 % 3;
        match arm {
            Arm::Snapshot => metric(2_000_000 + noise),
            Arm::Candidate => metric(candidate + noise),
            Arm::Incumbent | Arm::Shadow => {
                turn.set(turn.get() + 1);
                metric(if turn.get() % 6 < 3 { 10_000_000 } else { 1_000_001 })
            }
        }
    })
    .0
}

#[test]
fn an_incumbent_that_varies_on_purpose_locks_no_project() {
    assert_eq!(erratic(900_000).verdict, Verdict::Approve);
    assert_eq!(erratic(999_000).verdict, Verdict::Inconclusive);
    assert_eq!(erratic(1_000_000).verdict, Verdict::Inconclusive);
    assert_ne!(erratic(1_900_000).verdict, Verdict::Approve);
}

#[test]
fn without_the_incumbents_code_the_snapshots_term_bears_the_width_once_more() {
    let case = Case {
        incumbent_source: IncumbentSource::MissingBytes,
        ..time()
    };
    // Between 0.965 and 0.981 s by the interval: more than the margin, and less than margin and width.
    let decision = run_outcomes(case, |arm, count| match arm {
        Arm::Candidate if count % 2 == 0 => metric(970_000),
        Arm::Candidate => metric(975_000),
        _ => metric(2_000_001),
    })
    .0;
    assert_eq!(
        (decision.verdict, decision.reason),
        (Verdict::Inconclusive, Reason::SnapshotDisagrees)
    );
}
