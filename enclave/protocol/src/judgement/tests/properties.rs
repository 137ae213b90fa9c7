//! What holds for every case and every sequence of outcomes.

use alloy_primitives::U256;
use proptest::prelude::*;

use super::*;
use crate::score::margin;

#[derive(Debug, Clone, Copy)]
enum Sign {
    Above,
    Below,
}

/// A timed case of either sign, where the reference is measured anywhere near its score on chain.
fn any_timed() -> impl Strategy<Value = (Case, Sign)> {
    (
        any::<[u8; 32]>(),
        0_u16..600,
        prop::option::of(0_u16..300),
        prop::bool::ANY,
        0_usize..3,
    )
        .prop_map(|(secret, margin, floor, above, source)| {
            let sign = if above { Sign::Above } else { Sign::Below };
            let (direction, unit) = match sign {
                Sign::Above => (Direction::Maximize, 1),
                Sign::Below => (Direction::Minimize, -1),
            };
            let source = [
                IncumbentSource::Snapshot,
                IncumbentSource::Code,
                IncumbentSource::MissingBytes,
            ][source];
            let baseline = Score::from(unit * 1_000_000);
            let incumbent = match (source, sign) {
                (IncumbentSource::Snapshot, _) => baseline,
                (_, Sign::Above) => Score::from(1_500_000),
                (_, Sign::Below) => Score::from(-700_000),
            };
            let case = Case {
                direction,
                baseline,
                incumbent,
                incumbent_source: source,
                margin: Bips(margin),
                noise_floor: floor.map(Bips),
                secret,
                ..case()
            };
            (case, sign)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_candidate_that_never_beats_the_reference_is_never_approved(
        (case, sign) in any_timed(),
        metrics in proptest::collection::vec((900_000_i64..1_100_000, 0_i64..200_000), 25),
    ) {
        let decision = run(case, |arm, count| {
            let (reference, loss) = metrics[count % metrics.len()];
            match (arm, sign) {
                (Arm::Candidate, Sign::Above) => 900_000 - loss,
                (Arm::Candidate, Sign::Below) => 1_100_000 + loss,
                _ => reference,
            }
        }).0;
        prop_assert_ne!(decision.verdict, Verdict::Approve);
    }

    #[test]
    fn a_candidate_that_reaches_the_margin_in_every_pair_is_never_rejected(
        (case, sign) in any_timed(),
        metrics in proptest::collection::vec((900_000_i64..1_100_000, 1_i64..100_000), 25),
    ) {
        // Every pair's ratio must make at least the threshold of the incumbent's score; the worst pair is the highest
        // reference (above zero) or the lowest (below) with the least gain.
        let base = case.reference_score();
        let wanted: i64 = case.threshold().unwrap().0.to_string().parse::<i64>().unwrap().abs();
        let base_size: i64 = base.0.to_string().parse::<i64>().unwrap().abs();
        let decision = run(case, |arm, count| {
            let (reference, gain) = metrics[count % metrics.len()];
            match (arm, sign) {
                (Arm::Candidate, Sign::Above) => 1_100_000 * wanted / base_size + 1 + gain,
                (Arm::Candidate, Sign::Below) => (900_000 * wanted / base_size - gain).max(1),
                _ => reference,
            }
        }).0;
        prop_assert_ne!(decision.verdict, Verdict::Reject);
    }

    #[test]
    fn the_order_of_equal_outcomes_does_not_matter(
        (case, _) in any_timed(),
        other in any::<[u8; 32]>(),
        metrics in (900_000_i64..1_100_000, 900_000_i64..1_100_000, 500_000_i64..2_000_000),
    ) {
        let twin = if case.reference() == Arm::Snapshot { metrics.0 } else { metrics.1 };
        let decide = |case: Case| run(case, |arm, _| match arm {
            Arm::Snapshot => metrics.0,
            Arm::Incumbent => metrics.1,
            Arm::Shadow => twin,
            Arm::Candidate => metrics.2,
        }).0;
        prop_assert_eq!(decide(case.clone()), decide(Case { secret: other, ..case }));
    }

    #[test]
    fn every_decision_keeps_its_promises((case, _) in any_timed(), metrics in proptest::collection::vec(600_000_i64..1_600_000, 100)) {
        let (decision, records) = run(case.clone(), |arm, count| metrics[(count * 4 + arm as usize) % metrics.len()]);
        prop_assert_eq!(decision.reason.verdict(), decision.verdict);
        prop_assert!(decision.lower <= decision.score && decision.score <= decision.upper);
        let threshold = case.threshold().unwrap();
        match decision.verdict {
            Verdict::Approve => prop_assert!(decision.lower >= threshold && decision.lower > case.incumbent),
            Verdict::Reject => prop_assert!(decision.upper < threshold),
            Verdict::Inconclusive => prop_assert!(
                decision.upper >= threshold || decision.upper == Score::ZERO || decision.reason == Reason::ShortOfMargin
            ),
        }
        prop_assert!(margin(case.incumbent, case.margin) >= U256::from(1));
        let replayed = Judgement::replay(case, &records).unwrap();
        prop_assert_eq!(replayed.next(), Step::Decided(decision));
    }

    #[test]
    fn whatever_happens_a_reject_has_only_trials_that_count_and_replays(
        (case, sign) in any_timed(),
        outcomes in proptest::collection::vec((0_u8..60, 900_000_i64..1_100_000), 100),
    ) {
        let turn = std::cell::Cell::new(0);
        let (decision, records) = run_outcomes(case.clone(), |arm, _| {
            let (kind, metric) = outcomes[turn.replace(turn.get() + 1) % outcomes.len()];
            // The candidate loses, so that a reject is near.
            let metric = match (arm, sign) {
                (Arm::Candidate, Sign::Above) => metric * 7 / 10,
                (Arm::Candidate, Sign::Below) => metric * 13 / 10,
                _ => metric,
            };
            let outcome = TrialOutcome::Metric(metric.to_string().parse().unwrap());
            match kind {
                0 => TrialOutcome::Void(VoidCause::Timeout),
                1 => outcome.disturbed(),
                _ => outcome,
            }
        });
        let counts = |record: &TrialRecord| matches!(record.outcome, TrialOutcome::Metric(_));
        let replayed = Judgement::replay(case.clone(), &records).unwrap();
        let round = &records[replayed.set_aside_at().unwrap_or(0)..];
        if decision.kind == MetricKind::Timed && decision.verdict != Verdict::Inconclusive {
            prop_assert!(round[EXACT_TRIALS..].iter().all(counts));
        }
        if round.iter().any(|record| matches!(record.outcome, TrialOutcome::Void(_))) {
            prop_assert_eq!(decision.verdict, Verdict::Inconclusive);
        }
        prop_assert_eq!(replayed.next(), Step::Decided(decision));
        for cut in 0..records.len() {
            let cut = Judgement::replay(case.clone(), &records[..cut]).unwrap();
            prop_assert!(matches!(cut.next(), Step::Run(_)));
        }
    }

    #[test]
    fn a_better_candidate_is_never_judged_worse(
        (case, sign) in any_timed(),
        metrics in proptest::collection::vec(970_000_i64..1_030_000, 60),
        level in 80_i64..240,
        gain in 1_i64..40,
    ) {
        let decide = |percent: i64| run(case.clone(), |arm, count| {
            let noise = metrics[(count * 4 + arm as usize) % metrics.len()];
            if arm == Arm::Candidate { noise * percent / 100 } else { noise }
        }).0.verdict;
        let worth = |verdict| match verdict {
            Verdict::Reject => 0,
            Verdict::Inconclusive => 1,
            Verdict::Approve => 2,
        };
        let (worse, better) = match sign {
            Sign::Above => (level, level + gain),
            Sign::Below => (level, level - gain),
        };
        prop_assert!(worth(decide(worse)) <= worth(decide(better)));
    }

    #[test]
    fn a_machine_that_is_slower_throughout_decides_the_same(
        (case, _) in any_timed(),
        metrics in proptest::collection::vec(900_000_i64..1_100_000, 60),
        level in 80_i64..240,
        slower in 2_i64..50,
    ) {
        let decide = |slower: i64| run(case.clone(), |arm, count| {
            let noise = metrics[(count * 4 + arm as usize) % metrics.len()];
            slower * if arm == Arm::Candidate { noise * level / 100 } else { noise }
        });
        let ((once, first), (again, second)) = (decide(1), decide(slower));
        prop_assert_eq!((once, first.len()), (again, second.len()));
    }

    #[test]
    fn every_trial_is_drawn_and_the_twins_take_turns((case, _) in any_timed()) {
        let (_, records) = run(case.clone(), |arm, count| 1_000_000 + 7 * arm as i64 + count as i64 % 5);
        let timed = &records[EXACT_TRIALS..];
        let twins: Vec<Arm> = timed.iter().map(|record| record.arm).filter(|arm| [case.reference(), Arm::Shadow].contains(arm)).collect();
        prop_assert!(timed.len() < MOST_TIMED_TRIALS);
        prop_assert!(twins.chunks_exact(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn exact_metrics_are_decided_by_the_threshold_alone(candidate in -5000_i64..5000, incumbent in 0_i64..3000, secret in any::<[u8; 32]>()) {
        let case = Case { incumbent: Score::from(incumbent), baseline: Score::from(0), secret, ..case() };
        let threshold = case.threshold().unwrap();
        let decision = run(case, |arm, _| if arm == Arm::Candidate { candidate } else { incumbent }).0;
        let expected = if Score::from(candidate) >= threshold { Verdict::Approve } else { Verdict::Reject };
        prop_assert_eq!((decision.verdict, decision.kind), (expected, MetricKind::Exact));
    }
}
