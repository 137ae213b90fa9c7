use proptest::prelude::*;

use super::*;

fn score_of(metric: &str, scale: u64, direction: Direction) -> Score {
    Score::from_metric(
        &metric.parse().unwrap(),
        Scale::try_from(scale).unwrap(),
        SignRule::NegateIfMinimize,
        direction,
        Rounding::TowardMinusInfinity,
    )
    .unwrap()
}

#[test]
fn a_metric_is_scaled_by_upstreams_million() {
    assert_eq!(
        score_of("1.234567", 1_000_000, Direction::Maximize),
        Score::from(1_234_567)
    );
    assert_eq!(
        score_of("1.234567", 1_000_000, Direction::Minimize),
        Score::from(-1_234_567)
    );
}

#[test]
fn what_a_score_has_no_room_for_is_never_in_the_candidates_favour() {
    assert_eq!(
        score_of("1.2345678", 1_000_000, Direction::Maximize),
        Score::from(1_234_567)
    );
    assert_eq!(
        score_of("1.2345671", 1_000_000, Direction::Minimize),
        Score::from(-1_234_568)
    );
    assert_eq!(score_of("-0.5", 1, Direction::Maximize), Score::from(-1));
    assert_eq!(score_of("-0.5", 1, Direction::Minimize), Score::from(0));
}

#[test]
fn the_margin_is_rounded_up_and_never_zero() {
    assert_eq!(margin(Score::from(0), Bips(100)), U256::from(1));
    assert_eq!(margin(Score::from(1_000_000), Bips(0)), U256::from(1));
    assert_eq!(margin(Score::from(10_001), Bips(100)), U256::from(101));
    assert_eq!(margin(Score::from(-10_000), Bips(100)), U256::from(100));
    assert_eq!(threshold(Score::from(-10_000), Bips(100)), Some(Score::from(-9_900)));
}

#[test]
fn extremes_of_the_chain_overflow_into_none() {
    assert_eq!(threshold(Score(I256::MAX), Bips(0)), None);
    assert!(margin(Score(I256::MIN), Bips(u16::MAX)) > U256::from(1));
    assert_eq!(threshold(Score(I256::MIN), Bips(10_000)), None);
    assert_eq!(threshold(Score(I256::MIN), Bips(5_000)).map(Score::signum), Some(-1));
}

#[test]
fn a_metric_too_large_for_a_score_is_refused() {
    let metric: Decimal = "9".repeat(60).parse().unwrap();
    let refused = Score::from_metric(
        &metric,
        Scale::UPSTREAM,
        SignRule::NegateIfMinimize,
        Direction::Maximize,
        Rounding::TowardMinusInfinity,
    );
    assert_eq!(
        refused,
        Err(ScoreOutOfRange {
            metric,
            scale: 1_000_000
        })
    );
}

#[test]
fn scales_are_plain_whole_numbers() {
    assert_eq!("1000000".parse(), Ok(Scale::UPSTREAM));
    for refused in [
        "",
        "0",
        "-1",
        "+1",
        "1e6",
        "1_000",
        " 1",
        "01",
        "1000000000000000001",
        "99999999999999999999",
    ] {
        assert!(refused.parse::<Scale>().is_err(), "{refused}");
    }
}

#[test]
fn a_ratio_of_differing_signs_or_of_zero_has_no_meaning() {
    assert!(Ratio::of(Score::from(0), Score::from(1)).is_none());
    assert!(Ratio::of(Score::from(1), Score::from(0)).is_none());
    assert!(Ratio::of(Score::from(1), Score::from(-1)).is_none());
    assert_eq!(
        Ratio::of(Score::from(-2), Score::from(-4)),
        Ratio::of(Score::from(1), Score::from(2))
    );
}

/// Floor of a quotient by the definition: the largest integer whose product does not exceed the numerator.
fn floor(numerator: i128, denominator: i128) -> i128 {
    numerator.div_euclid(denominator)
}

proptest! {
    #[test]
    fn scores_agree_with_exact_rationals(units in -1_000_000_000_000_i64..1_000_000_000_000, fraction in 0_u32..9, scale in 1_u64..10_000_000) {
        let text = {
            let digits = format!("{:0>10}", units.unsigned_abs());
            let (whole, rest) = digits.split_at(digits.len() - fraction as usize);
            let sign = if units < 0 { "-" } else { "" };
            if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
        };
        let denominator = 10_i128.pow(fraction);
        let maximised = floor(i128::from(units) * i128::from(scale), denominator);
        let minimised = floor(-i128::from(units) * i128::from(scale), denominator);
        prop_assert_eq!(score_of(&text, scale, Direction::Maximize).0.to_string(), maximised.to_string());
        prop_assert_eq!(score_of(&text, scale, Direction::Minimize).0.to_string(), minimised.to_string());
    }

    #[test]
    fn the_threshold_is_the_least_integer_that_reaches_the_margin(incumbent in any::<i32>(), bips in any::<u16>()) {
        let wanted = i128::from(incumbent) * 10_000 + i128::from(incumbent).abs() * i128::from(bips);
        let found: i128 = threshold(Score::from(i64::from(incumbent)), Bips(bips)).unwrap().0.to_string().parse().unwrap();
        prop_assert!(found * 10_000 >= wanted && found > i128::from(incumbent));
        prop_assert!((found - 1) * 10_000 < wanted || found - 1 == i128::from(incumbent));
    }

    #[test]
    fn the_threshold_is_never_below_upstreams_integer_one(incumbent in any::<i32>(), bips in 0_u16..=10_000) {
        // openresearch.md 4.5: incumbent + |incumbent| x bips / 10000, truncated; strict where bips is 0.
        let upstream = i64::from(incumbent) + i64::from(incumbent).abs() * i64::from(bips) / 10_000 + i64::from(bips == 0);
        let ours = threshold(Score::from(i64::from(incumbent)), Bips(bips)).unwrap();
        prop_assert!(ours >= Score::from(upstream) && ours <= Score::from(upstream + 1));
    }

    #[test]
    fn ratios_order_and_multiply_as_exact_rationals(a in 1_i64..i64::from(u32::MAX), b in 1_i64..i64::from(u32::MAX), c in 1_i64..i64::from(u32::MAX), d in 1_i64..i64::from(u32::MAX), score in any::<i32>()) {
        let left = Ratio::of(Score::from(a), Score::from(b)).unwrap();
        let right = Ratio::of(Score::from(-c), Score::from(-d)).unwrap();
        prop_assert_eq!(left.cmp(&right), (i128::from(a) * i128::from(d)).cmp(&(i128::from(c) * i128::from(b))));
        let product = left.times(Score::from(i64::from(score))).unwrap();
        prop_assert_eq!(product.0.to_string(), floor(i128::from(score) * i128::from(a), i128::from(b)).to_string());
    }

    #[test]
    fn widening_by_basis_points_agrees_with_exact_rationals(a in 1_i64..i64::from(u32::MAX), b in 1_i64..i64::from(u32::MAX), bips in 0_u16..10_000) {
        let ratio = Ratio::of(Score::from(a), Score::from(b)).unwrap();
        let scaled = |parts: i64| Ratio::of(Score(I256::try_from(i128::from(a) * i128::from(parts)).unwrap()), Score(I256::try_from(i128::from(b) * 10_000).unwrap())).unwrap();
        prop_assert_eq!(ratio.lowered(Bips(bips)), Some(scaled(10_000 - i64::from(bips))));
        prop_assert_eq!(ratio.raised(Bips(bips)), Some(scaled(10_000 + i64::from(bips))));
    }
}
