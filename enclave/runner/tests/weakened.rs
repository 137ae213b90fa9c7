//! Each protection alone is left out, and a run is the weaker for it, and for nothing else.
#![cfg(feature = "weakened")]

mod support;

use orv_runner::{Exit, Protection};
use support::Bench;

#[test]
fn a_run_without_any_one_protection_still_runs() {
    let Some(bench) = Bench::new() else { return };
    for protection in Protection::all() {
        let runner = bench.runner().without(*protection);
        let report = runner.run(&bench.container(&["exit", "0"]));
        let exit = report.map(|report| report.exit).map_err(|error| error.to_string());
        assert_eq!(exit, Ok(Exit::Code(0)), "{}", protection.name());
    }
}
