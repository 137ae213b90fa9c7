//! What the runner says of the machine it is on.

// The allowance for tests reaches test functions only, not what they share.
#![allow(clippy::expect_used)]

mod support;

use std::fs;

use orv_runner::{Need, Strength};
use support::Bench;

#[test]
fn a_machine_that_runs_containers_is_found_fit_and_nothing_is_left() {
    let Some(bench) = Bench::new() else { return };
    let examination = bench.runner().examine();
    assert!(!examination.refuses(), "{examination:#?}");
    let last = examination.findings.last().expect("findings");
    assert_eq!((last.name, last.strength), ("container", Strength::Enforced));
    assert_eq!(fs::read_dir(bench.path("scratch")).expect("scratch").count(), 0);
    // What is wholly there needs no remedy, and all else has one.
    for finding in &examination.findings {
        assert_eq!(
            finding.remedy.is_none(),
            finding.strength == Strength::Enforced,
            "{finding:?}"
        );
    }
}

#[test]
fn a_machine_on_which_a_container_cannot_be_made_would_refuse_and_says_why() {
    let Some(bench) = Bench::new() else { return };
    let mut runner = bench.runner();
    runner.helper = bench.path("absent");
    let examination = runner.examine();
    assert!(examination.refuses());
    let container = examination.findings.last().expect("findings");
    assert_eq!((container.strength, container.need), (Strength::Absent, Need::Run));
    assert!(
        container.found.contains("absent") && container.remedy.is_some(),
        "{container:?}"
    );
}
