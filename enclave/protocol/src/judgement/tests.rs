mod bounds;
mod exact;
mod properties;
mod record;
mod set_aside;
mod timed;

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
