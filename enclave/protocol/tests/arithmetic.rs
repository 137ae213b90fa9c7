//! Scores, margins and upstream's figures against exact rationals of another library.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail by them"
)]

use num_bigint::BigInt;
use num_rational::BigRational;
use orv_protocol::document::{Aggregator, NonNegativeNumber};
use orv_protocol::metric::Decimal;
use orv_protocol::sampling::{Figure, Plan, Quotient, Spread};
use orv_protocol::score::{Bips, Direction, Ratio, Rounding, Scale, Score, SignRule, margin, threshold};
use proptest::prelude::*;

fn rational(text: &str) -> BigRational {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: BigInt = format!("{whole}{fraction}").parse().unwrap();
    BigRational::new(digits, BigInt::from(10).pow(u32::try_from(fraction.len()).unwrap()))
}

fn integer(score: Score) -> BigInt {
    score.0.to_string().parse().unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn score(text: &str, scale: u64, direction: Direction) -> Option<Score> {
    let scale = Scale::try_from(scale).unwrap();
    let rounding = Rounding::TowardMinusInfinity;
    Score::from_metric(&decimal(text), scale, SignRule::NegateIfMinimize, direction, rounding).ok()
}

fn plan(aggregator: Aggregator, bound: Option<f64>) -> Plan {
    Plan {
        warmups: 0,
        measured: 4096,
        aggregator,
        most_spread: bound.map(|bound| NonNegativeNumber::try_from(bound).unwrap()),
    }
}

fn figure(plan: Plan, metrics: &[&str]) -> Figure {
    let metrics: Vec<Decimal> = metrics.iter().map(|text| decimal(text)).collect();
    plan.figure(&metrics).unwrap()
}

#[test]
fn aggregates_are_those_of_upstream() {
    let metrics = ["3", "1.5", "10", "2"];
    for (aggregator, expected) in [
        (Aggregator::Median, "2.5"),
        (Aggregator::Mean, "4.125"),
        (Aggregator::Min, "1.5"),
        (Aggregator::Max, "10"),
    ] {
        assert_eq!(figure(plan(aggregator, None), &metrics).aggregate.to_string(), expected);
    }
    assert_eq!(
        figure(plan(Aggregator::Mean, None), &["1", "1", "0"])
            .aggregate
            .to_string(),
        "~0.666666666666666666"
    );
    assert_eq!(
        figure(plan(Aggregator::Mean, None), &["-1", "-1", "0"])
            .aggregate
            .to_string(),
        "~-0.666666666666666666"
    );
}

#[test]
fn warm_ups_come_first_and_runs_beyond_the_plan_do_not_count() {
    let metrics: Vec<Decimal> = ["100", "1", "2", "3", "200"].iter().map(|text| decimal(text)).collect();
    let plan = |warmups, measured| Plan {
        warmups,
        measured,
        ..plan(Aggregator::Max, None)
    };
    assert_eq!(plan(1, 3).figure(&metrics).unwrap().aggregate.to_string(), "3");
    assert_eq!(plan(1, 99).figure(&metrics).unwrap().measured, 4);
    assert_eq!(plan(5, 3).figure(&metrics), None);
    assert_eq!(plan(u64::MAX, 3).figure(&metrics), None);
}

#[test]
fn the_run_closest_to_the_aggregate_represents_it_and_the_first_of_two() {
    assert_eq!(
        figure(plan(Aggregator::Median, None), &["9", "1", "3"]).representative,
        3
    );
    assert_eq!(figure(plan(Aggregator::Median, None), &["1", "3"]).representative, 1);
}

#[test]
fn a_sample_is_too_noisy_strictly_above_the_bound() {
    // Mean 10, sample variance 1: the quotient is exactly 0.1.
    let metrics = ["9", "10", "11"];
    let spread = |bound| figure(plan(Aggregator::Median, Some(bound)), &metrics).spread;
    assert_eq!(spread(0.1), Spread::Within);
    assert_eq!(spread(0.099_999_999), Spread::TooNoisy);
    assert_eq!(spread(1e300), Spread::Within);
    assert_eq!(spread(1e-300), Spread::TooNoisy);
    assert_eq!(
        figure(plan(Aggregator::Mean, Some(0.0)), &["-1", "1"]).spread,
        Spread::Within
    );
    assert_eq!(figure(plan(Aggregator::Mean, Some(0.0)), &["7"]).spread, Spread::Within);
    assert_eq!(
        figure(plan(Aggregator::Mean, None), &["1", "99"]).spread,
        Spread::Unbounded
    );
}

#[test]
fn upstreams_comparison_is_inclusive_with_a_margin_and_strict_without() {
    let improves = |candidate: &str, baseline: &str, bips, direction| {
        Quotient::from(&decimal(candidate)).improves_on(&Quotient::from(&decimal(baseline)), Bips(bips), direction)
    };
    assert!(improves("101", "100", 100, Direction::Maximize));
    assert!(!improves("100.999999", "100", 100, Direction::Maximize));
    assert!(improves("99", "100", 100, Direction::Minimize));
    assert!(!improves("99.000001", "100", 100, Direction::Minimize));
    assert!(!improves("100", "100", 0, Direction::Maximize) && improves("100.1", "100", 0, Direction::Maximize));
    // Of a negative baseline the margin is taken from its magnitude.
    assert!(improves("-99", "-100", 100, Direction::Maximize) && !improves("-99.5", "-100", 100, Direction::Maximize));
    assert!(
        improves("-101", "-100", 100, Direction::Minimize) && !improves("-100.5", "-100", 100, Direction::Minimize)
    );
    // Upstream's quirk: of zero every margin is zero, and equality counts. Our own threshold demands one unit more.
    assert!(improves("0", "0", 100, Direction::Maximize));
    assert_eq!(threshold(Score::ZERO, Bips(100)), Some(Score::from(1)));
}

fn number() -> impl Strategy<Value = String> {
    "-?[0-9]{1,20}(\\.[0-9]{1,20})?"
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Maximize), Just(Direction::Minimize)]
}

#[test]
fn a_score_stands_for_its_metric() {
    let metric = |score: i64, direction| Quotient::of_score(Score::from(score), Scale::UPSTREAM, direction).to_string();
    assert_eq!(metric(1_500_000, Direction::Maximize), "1.5");
    assert_eq!(metric(-997_900, Direction::Minimize), "0.9979");
    assert_eq!(metric(0, Direction::Minimize), "0");
}

proptest! {
    #[test]
    fn a_score_is_the_floor_of_metric_times_scale(text in "-?[0-9]{1,30}(\\.[0-9]{1,30})?", scale in 1..=Scale::LARGEST, direction in direction()) {
        let exact = rational(&text) * BigInt::from(scale);
        let exact = if direction == Direction::Minimize { -exact } else { exact };
        let expected = exact.floor().to_integer();
        match score(&text, scale, direction) {
            Some(score) => prop_assert_eq!(integer(score), expected),
            None => prop_assert!(expected.bits() > 192),
        }
    }

    #[test]
    fn a_margin_is_the_ceiling_of_its_part_and_at_least_one(incumbent in any::<i64>(), bips in 0_u16..=10_000) {
        let incumbent = Score::from(incumbent);
        let size: BigInt = incumbent.magnitude().to_string().parse().unwrap();
        let part = BigRational::new(size * bips, BigInt::from(10_000));
        let expected = part.ceil().to_integer().max(BigInt::from(1));
        prop_assert_eq!(margin(incumbent, Bips(bips)).to_string(), expected.to_string());
        prop_assert_eq!(integer(threshold(incumbent, Bips(bips)).unwrap()), integer(incumbent) + expected);
    }

    #[test]
    fn a_ratio_of_scores_times_a_score_is_the_floor(numerator in 1..i64::MAX, denominator in 1..i64::MAX, score in any::<i64>()) {
        let ratio = Ratio::of(Score::from(numerator), Score::from(denominator)).unwrap();
        let exact = BigRational::new(BigInt::from(numerator), BigInt::from(denominator)) * BigInt::from(score);
        prop_assert_eq!(integer(ratio.times(Score::from(score)).unwrap()), exact.floor().to_integer());
    }

    #[test]
    fn figures_are_exact(texts in proptest::collection::vec(number(), 1..12), bound in 0.0..2.0_f64) {
        let metrics: Vec<Decimal> = texts.iter().map(|text| decimal(text)).collect();
        let exact: Vec<BigRational> = texts.iter().map(|text| rational(text)).collect();
        let count = BigInt::from(exact.len());
        let mean = exact.iter().sum::<BigRational>() / count.clone();
        let mut ordered = exact.clone();
        ordered.sort();
        let median = (&ordered[(ordered.len() - 1) / 2] + &ordered[ordered.len() / 2]) / BigInt::from(2);
        for (aggregator, expected) in [
            (Aggregator::Mean, &mean),
            (Aggregator::Median, &median),
            (Aggregator::Min, &ordered[0]),
            (Aggregator::Max, &ordered[ordered.len() - 1]),
        ] {
            let figure = plan(aggregator, Some(bound)).figure(&metrics).unwrap();
            // Compared through the one path that is not under test: the order against every sample.
            for (text, sample) in texts.iter().zip(&exact) {
                prop_assert_eq!(figure.aggregate.cmp(&Quotient::from(&decimal(text))), expected.cmp(sample));
            }
            let closest = exact.iter().map(|sample| {
                let distance = sample - expected;
                if distance < BigRational::from(BigInt::from(0)) { -distance } else { distance }
            });
            let closest: Vec<BigRational> = closest.collect();
            let first = closest.iter().position(|distance| distance == closest.iter().min().unwrap()).unwrap();
            prop_assert_eq!(figure.representative, first + 1);
            let zero = BigRational::from(BigInt::from(0));
            let squares = exact.iter().map(|sample| (sample - &mean) * (sample - &mean)).sum::<BigRational>();
            let noisy = mean != zero && exact.len() > 1 && {
                let variance = squares / (count.clone() - 1);
                let bound = rational(&format!("{bound}"));
                variance > &bound * &bound * &mean * &mean
            };
            prop_assert_eq!(figure.spread == Spread::TooNoisy, noisy);
        }
    }

    #[test]
    fn upstreams_comparison_is_exact(candidate in number(), baseline in number(), bips in 0_u16..=10_000, direction in direction()) {
        let (candidate_exact, baseline_exact) = (rational(&candidate), rational(&baseline));
        let zero = BigRational::from(BigInt::from(0));
        let size = if baseline_exact < zero { -baseline_exact.clone() } else { baseline_exact.clone() };
        let step = size * BigRational::new(BigInt::from(bips), BigInt::from(10_000));
        let expected = match (direction, bips) {
            (Direction::Maximize, 0) => candidate_exact > baseline_exact,
            (Direction::Minimize, 0) => candidate_exact < baseline_exact,
            (Direction::Maximize, _) => candidate_exact >= baseline_exact + step,
            (Direction::Minimize, _) => candidate_exact <= baseline_exact - step,
        };
        let improves = Quotient::from(&decimal(&candidate)).improves_on(&Quotient::from(&decimal(&baseline)), Bips(bips), direction);
        prop_assert_eq!(improves, expected);
    }
}
