//! What a container costs beyond its command: printed, never asserted (container.md 3).

// The allowance for tests reaches test functions only, not what they share.
#![allow(clippy::expect_used, clippy::indexing_slicing)]

mod support;

use std::fs;
use std::time::{Duration, Instant};

use orv_runner::{Container, Exit, Runner};
use support::Bench;

const RUNS: usize = 30;
const TREE_BYTES: usize = 50 << 20;

fn tell(what: &str, runner: &Runner, container: &Container) {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            let report = runner.run(container).expect("a report");
            assert_eq!(report.exit, Exit::Code(0));
            started.elapsed().saturating_sub(report.wall)
        })
        .collect();
    times.sort_unstable();
    eprintln!("{what}, of {RUNS}: least {:?}, median {:?}", times[0], times[RUNS / 2]);
}

#[test]
fn the_time_of_a_run_beyond_its_command_is_told() {
    let Some(bench) = Bench::new() else { return };
    let runner = bench.runner();
    let container = bench.container(&["exit", "0"]);
    tell("a run that does nothing, beyond its command", &runner, &container);
    fs::write(bench.path("tree/large"), vec![1u8; TREE_BYTES]).expect("a file");
    tell("the same over a tree of 50 MB", &runner, &container);
    let read = bench.container(&["remove", "/work/large"]);
    tell("the same, removing the tree's file", &runner, &read);
}
