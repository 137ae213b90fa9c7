//! What a receipt tells beside its verdict.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod sample;

use alloy_primitives::I256;
use orv_protocol::judgement::Arm;
use orv_protocol::metric::MetricError;
use orv_protocol::sampling::Spread;
use orv_receipt::{Bundle, figures, rule};
use serde_json::{Value, json};

/// The sample with another protocol.
fn with(change: impl FnOnce(&mut Value)) -> Bundle {
    let mut bundle = sample::bundle();
    let mut protocol: Value = serde_json::from_slice(&bundle.protocol_json).unwrap();
    change(&mut protocol);
    bundle.protocol_json = protocol.to_string().into_bytes();
    bundle
}

#[test]
fn the_candidates_absolute_figure_follows_upstreams_sampling() {
    let bundle = with(|protocol| {
        protocol["measurement"]["sampling"] =
            json!({"warmupTrials": 0, "measuredTrials": 1, "aggregator": "max", "maxRelativeStdDev": 0.1});
    });
    let absolute = figures::absolute(&bundle).unwrap().unwrap();
    assert_eq!(absolute.figure.aggregate.to_string(), "960");
    assert_eq!((absolute.figure.measured, absolute.asked), (1, 1));
    assert_eq!(absolute.figure.spread, Spread::Within);
    assert!(absolute.improves);
    let mut better = bundle.clone();
    better.incumbent.score = I256::try_from(-955).unwrap();
    assert!(!figures::absolute(&better).unwrap().unwrap().improves);
}

#[test]
fn too_few_trials_give_no_figure() {
    let bundle = with(|protocol| protocol["measurement"]["sampling"] = json!({"warmupTrials": 1000}));
    assert_eq!(figures::absolute(&bundle).unwrap(), None);
}

#[test]
fn secondary_metrics_are_looked_for_in_every_trial_and_decide_nothing() {
    let mut bundle = with(|protocol| {
        protocol["measurement"]["secondaryMetrics"] = json!([
            {"name": "memory", "direction": "minimize", "extract": {"kind": "regex", "pattern": "mem=(\\d+)"}},
            {"name": "prose", "direction": "maximize"},
            {"name": "own", "direction": "maximize", "extract": {"kind": "custom"}},
        ]);
    });
    let plain = rule::decide(&sample::bundle()).unwrap();
    assert_eq!(rule::decide(&bundle).unwrap(), plain);
    bundle.trials[0].observation.measured.log = b"mem=17\n".to_vec();
    bundle.trials[1].observation.measured.log = b"mem=1\nmem=2\n".to_vec();
    assert_eq!(rule::decide(&bundle).unwrap(), plain);
    let figures = figures::secondary(&bundle).unwrap();
    assert_eq!(figures.len(), 3);
    assert_eq!(figures[0].trials.len(), bundle.trials.len());
    assert_eq!(figures[0].trials[0].1.as_ref().unwrap().to_string(), "17");
    assert_eq!(figures[0].trials[1].1, Err(MetricError::Doubled));
    assert!(
        figures[0]
            .trials
            .iter()
            .any(|(arm, found)| *arm == Arm::Candidate && found.is_err())
    );
    assert!(figures[1].trials.is_empty());
    assert!(matches!(
        figures[2].trials[0].1,
        Err(MetricError::UnsupportedExtraction { .. })
    ));
}
