//! The record of a timed metric is replayed like any other: approve, reject and inconclusive.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod sample;

use alloy_primitives::{B256, I256};
use orv_protocol::judgement::{Arm, EXACT_TRIALS, Judgement, RATIOS, Reason, Speed, Step};
use orv_receipt::check::{CheckResult, check};
use orv_receipt::*;
use sample::{bundle, receipt_of, root, run_trials};

fn failed(receipt: &Receipt) -> Vec<&'static str> {
    check(receipt)
        .into_iter()
        .filter(|check| check.result == CheckResult::Fail)
        .map(|check| check.name)
        .collect()
}

/// A record in which no arm reproduces a score on chain: the snapshot takes 1200 here, the candidate what is given.
fn timed(candidate: &'static str) -> Bundle {
    let mut bundle = bundle();
    bundle.trials.clear();
    run_trials(
        &mut bundle,
        |arm| if arm == Arm::Candidate { candidate } else { "1200" },
    );
    bundle
}

/// The record of an incumbent with code of its own, so that four arms run.
fn with_incumbent(candidate: &'static str) -> Bundle {
    let mut bundle = bundle();
    bundle.trials.clear();
    bundle.incumbent = IncumbentFacts {
        code_hash: bundle.artifacts[2].hash,
        score: I256::try_from(-1000).unwrap(),
    };
    let incumbent = Artifact {
        role: Role::Incumbent,
        ..bundle.artifacts[2].clone()
    };
    bundle.artifacts.insert(2, incumbent);
    run_trials(&mut bundle, |arm| match arm {
        Arm::Candidate => candidate,
        Arm::Snapshot => "1200",
        Arm::Incumbent | Arm::Shadow => "1080",
    });
    bundle
}

fn judged(bundle: &Bundle) -> (u8, u8, Option<Reason>) {
    let receipt = receipt_of(bundle);
    assert_eq!(failed(&receipt), Vec::<&str>::new());
    let run = &receipt.run;
    (run.verdict, run.metric_kind, Reason::from_bytes32(&run.reason.0))
}

#[test]
fn every_verdict_of_a_timed_metric_passes_every_check() {
    for bundle in [timed as fn(&'static str) -> Bundle, with_incumbent] {
        assert!(bundle("900").trials.len() > EXACT_TRIALS + RATIOS);
        assert_eq!(judged(&bundle("900")), (1, 2, Some(Reason::Improved)));
        assert_eq!(judged(&bundle("1300")), (2, 2, Some(Reason::NoImprovement)));
    }
}

#[test]
fn noise_around_the_threshold_is_inconclusive() {
    let mut bundle = bundle();
    bundle.trials.clear();
    let turn = std::cell::Cell::new(0);
    run_trials(&mut bundle, |arm| {
        turn.set(turn.get() + 1);
        match arm {
            Arm::Candidate if turn.get() % 2 == 0 => "1100",
            Arm::Candidate => "1250",
            _ => "1200",
        }
    });
    assert_eq!(judged(&bundle), (3, 2, Some(Reason::IntervalStraddles)));
}

#[test]
fn a_timed_record_that_was_touched_supports_another_statement_or_none() {
    type Change = fn(&mut Bundle);
    let changes: &[(&str, Change)] = &[
        ("one trial less", |bundle| drop(bundle.trials.pop())),
        ("one trial more", |bundle| bundle.trials.push(bundle.trials[0].clone())),
        ("another order", |bundle| {
            let at = (3..bundle.trials.len()).find(|at| bundle.trials[*at].arm != bundle.trials[at + 1].arm);
            bundle.trials.swap(at.unwrap(), at.unwrap() + 1);
        }),
        ("another secret", |bundle| bundle.secret = B256::repeat_byte(1)),
        ("an arm that does not run", |bundle| bundle.trials[3].arm = 1),
        ("an arm that does not exist", |bundle| bundle.trials[3].arm = 4),
        ("slower by a third", |bundle| {
            let candidates = bundle.trials.iter_mut().filter(|trial| trial.arm == 2);
            candidates.for_each(|trial| trial.observation.metric = b"1200\n".to_vec());
        }),
        ("a shadow that disagrees", |bundle| {
            let shadows = bundle.trials.iter_mut().filter(|trial| trial.arm == 3);
            shadows.for_each(|trial| trial.observation.metric = b"1300\n".to_vec());
        }),
        ("time stolen", |bundle| {
            bundle.trials[20].observation.conditions.stolen_nanoseconds = 60_000_000;
        }),
        ("a load beside a timed trial", |bundle| {
            bundle.trials[20].observation.conditions.load_nanoseconds = 1;
        }),
        ("no load beside the exact ones", |bundle| {
            let exact = bundle.trials.iter_mut().take(3);
            exact.for_each(|trial| trial.observation.conditions.load_nanoseconds = 0);
        }),
        ("a weak counter", |bundle| bundle.platform_tier = 2),
        ("cut short after the decision", |bundle| {
            bundle.obstacle = Some(Obstacle {
                reason: "job-limit".into(),
                detail: String::new(),
            });
        }),
    ];
    let honest = receipt_of(&timed("900"));
    for (name, change) in changes {
        let mut bundle = timed("900");
        change(&mut bundle);
        let bytes = bundle.encode();
        // The old verdict, signed anew over the touched record.
        let run = Run {
            bundle_root: B256::from(root(&bytes).0),
            ..honest.run.clone()
        };
        let signature = Signature::sign(&sample::key(), &run.signing_hash(&honest.domain)).unwrap();
        let names = failed(&Receipt {
            run,
            signature,
            bundle: bytes,
            ..honest.clone()
        });
        assert!(names.contains(&"statement"), "{name}: {names:?}");
    }
}

#[test]
fn no_number_of_a_timed_statement_can_be_signed_otherwise() {
    type Change = fn(&mut Run);
    let changes: &[(&str, Change)] = &[
        ("verdict", |run| run.verdict = 2),
        ("kind", |run| run.metric_kind = 1),
        ("score", |run| run.score += I256::ONE),
        ("lower", |run| run.lower -= I256::ONE),
        ("upper", |run| run.upper += I256::ONE),
        ("margin", |run| run.margin_bips += 1),
        ("rule", |run| run.rule_version += 1),
    ];
    for (name, change) in changes {
        let mut receipt = receipt_of(&timed("900"));
        change(&mut receipt.run);
        let hash = receipt.run.signing_hash(&receipt.domain);
        receipt.signature = Signature::sign(&sample::key(), &hash).unwrap();
        assert_eq!(failed(&receipt), ["statement"], "{name}");
    }
}

#[test]
fn stolen_time_is_derived_from_the_record() {
    let mut bundle = bundle();
    bundle.trials.clear();
    run_trials(&mut bundle, |arm| if arm == Arm::Candidate { "900" } else { "1200" });
    let last = bundle.trials.len() - 1;
    bundle.trials[last].observation.conditions.unaccounted_nanoseconds = 60_000_000;
    assert_eq!(judged(&bundle), (3, 2, Some(Reason::StolenTime)));
}

/// A record whose incumbent crashes in its first timed trial, after a block that proves nothing exact.
fn with_a_time_bomb(candidate: &'static str) -> Bundle {
    let mut bundle = with_incumbent(candidate);
    let documents = rule::Documents::parse(&bundle.protocol_json, bundle.project_json.as_deref()).unwrap();
    let steady = std::mem::take(&mut bundle.trials);
    let observation = |arm: u8| {
        steady
            .iter()
            .find(|trial| trial.arm == arm)
            .unwrap()
            .observation
            .clone()
    };
    let mut judgement = Judgement::begin(rule::case_of(&bundle, &documents).unwrap());
    while let Step::Run(arm) = judgement.next() {
        let mut seen = observation(judgement.code_of(arm) as u8);
        seen.conditions.load_nanoseconds = u64::from(judgement.speed() == Speed::Hindered);
        if judgement.code_of(arm) == Arm::Incumbent && bundle.trials.len() > EXACT_TRIALS {
            seen.candidate.as_mut().unwrap().ending = Ending::Signalled;
        }
        judgement.record(seen.outcome(&documents)).unwrap();
        bundle.trials.push(TrialReport {
            arm: arm as u8,
            observation: seen,
        });
    }
    assert!(judgement.set_aside_at().is_some());
    bundle
}

#[test]
fn an_incumbent_that_crashed_is_set_aside_and_the_record_passes_every_check() {
    assert_eq!(judged(&with_a_time_bomb("900")), (1, 2, Some(Reason::Improved)));
    assert_eq!(judged(&with_a_time_bomb("1300")), (2, 2, Some(Reason::NoImprovement)));
}

#[test]
fn no_incumbent_is_set_aside_without_a_trial_that_says_nothing() {
    let mut bundle = with_a_time_bomb("900");
    let crash = bundle
        .trials
        .iter_mut()
        .find(|trial| trial.observation.candidate.as_ref().unwrap().ending == Ending::Signalled);
    crash.unwrap().observation.candidate.as_mut().unwrap().ending = Ending::Dismissed;
    assert!(rule::decide(&bundle).is_err());

    let mut bundle = with_a_time_bomb("900");
    bundle
        .trials
        .iter_mut()
        .for_each(|trial| trial.observation.conditions.load_nanoseconds = 0);
    assert!(matches!(rule::decide(&bundle), Err(rule::RuleError::Speed(_))));
}
