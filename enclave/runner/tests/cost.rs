//! What a container costs beyond its command: printed, never asserted (container.md 3).

mod support;

use std::time::{Duration, Instant};

use orv_runner::Exit;
use support::Bench;

const RUNS: usize = 30;

#[test]
fn the_time_of_a_run_that_does_nothing_is_told() {
    let Some(bench) = Bench::new() else { return };
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            assert_eq!(bench.run(&["exit", "0"]).exit, Exit::Code(0));
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    eprintln!(
        "a run that does nothing, of {RUNS}: least {:?}, median {:?}",
        times[0],
        times[RUNS / 2]
    );
}
