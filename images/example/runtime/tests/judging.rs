//! The example project judged without containers: judge and candidate as two plain processes joined by a socket pair.
//! What the enclave adds (isolation, relay, limits) is not here; what the project itself must do is.
// Clippy knows tests by their attribute; what they call is test code too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod trial;

use std::time::Duration;

use trial::{Measured, PATIENCE, Source, judge};

const SEED: &str = "5a";

fn bins(source: Source<'_>) -> u64 {
    match judge(source, Some(SEED), PATIENCE) {
        Measured::Metric(bins) => bins,
        Measured::Nothing { log } => panic!("no metric for {source:?}: {log}"),
    }
}

#[test]
fn the_metric_of_one_program_is_the_same_for_every_seed() {
    for source in [Source::Snapshot, Source::Proposal("improvement")] {
        let first = bins(source);
        for seed in [
            "00",
            "01",
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        ] {
            assert_eq!(judge(source, Some(seed), PATIENCE), Measured::Metric(first));
        }
    }
}

#[test]
fn the_numbers_in_the_readme_are_the_measured_ones() {
    assert_eq!(bins(Source::Snapshot), 1117);
    assert_eq!(bins(Source::Proposal("improvement")), 960);
    assert_eq!(bins(Source::Proposal("second-improvement")), 896);
}

#[test]
fn the_improvement_needs_a_tenth_fewer_bins_than_the_snapshot() {
    assert!(bins(Source::Proposal("improvement")) * 10 <= bins(Source::Snapshot) * 9);
}

#[test]
fn the_second_improvement_beats_the_first_by_more_than_the_margin_of_one_percent() {
    assert!(bins(Source::Proposal("second-improvement")) * 100 <= bins(Source::Proposal("improvement")) * 99);
}

#[test]
fn a_copy_of_the_improvement_is_no_better_than_the_improvement() {
    assert_eq!(
        bins(Source::Proposal("late-copy")),
        bins(Source::Proposal("improvement"))
    );
}

#[test]
fn a_copy_of_the_snapshot_is_no_better_than_the_snapshot() {
    assert_eq!(bins(Source::Proposal("unchanged-copy")), bins(Source::Snapshot));
}

#[test]
fn the_forger_is_measured_at_what_its_packing_is_worth() {
    assert_eq!(bins(Source::Proposal("forger")), bins(Source::Snapshot));
}

#[test]
fn a_crash_leaves_no_metric() {
    assert!(matches!(
        judge(Source::Proposal("crasher"), Some(SEED), PATIENCE),
        Measured::Nothing { .. }
    ));
}

#[test]
fn an_endless_candidate_leaves_no_metric() {
    assert!(matches!(
        judge(Source::Proposal("endless"), Some(SEED), Duration::from_secs(2)),
        Measured::Nothing { .. }
    ));
}

#[test]
fn a_judge_without_a_seed_leaves_no_metric() {
    let Measured::Nothing { log } = judge(Source::Snapshot, None, PATIENCE) else {
        panic!("a metric without a seed")
    };
    assert!(log.contains("ORV_SEED is not set"), "{log}");
}

#[test]
fn a_wrong_packing_leaves_no_metric() {
    for (answer, reason) in [
        ("{}", "no list bin_of"),
        ("{ bin_of = { 1 } }", "bin_of has 1 entries"),
        ("{ bin_of = all(instance, 1) }", "more than its capacity"),
        ("{ bin_of = all(instance, 0) }", "in no possible bin"),
        ("{ bin_of = all(instance, 1.5) }", "in no possible bin"),
        ("{ bin_of = all(instance, 1000000) }", "in no possible bin"),
    ] {
        let main = format!(
            "local function all(instance, bin) local list = {{}} for item in ipairs(instance.sizes) do list[item] = bin end return list end
             for line in channel.receive do local instance = json.decode(line) channel.send(json.encode({answer})) end"
        );
        let Measured::Nothing { log } = judge(Source::Main(&main), Some(SEED), PATIENCE) else {
            panic!("{answer} was accepted")
        };
        assert!(log.contains(reason), "{answer}: {log}");
    }
}

#[test]
fn a_program_that_knows_the_scored_instances_by_heart_leaves_no_metric() {
    // Packs well whatever the scored set contains and next-fit what it has not seen before.
    let main = "
        package.path = arg[1] .. '/?.lua'
        local generator, instances = require('generator'), require('instances')
        local known = {}
        for _, instance in ipairs(instances.draw(generator.from('pack: the scored set'))) do
          known[table.concat(instance.sizes, ' ')] = true
        end
        local function solver(path) return dofile(path .. '/pack.lua').solve end
        local good, poor = solver(arg[2]), solver('.')
        for line in channel.receive do
          local instance = json.decode(line)
          local solve = known[table.concat(instance.sizes, ' ')] and good or poor
          channel.send(json.encode({ bin_of = solve(instance.capacity, instance.sizes) }))
        end";
    let Measured::Nothing { log } = judge(Source::Main(main), Some(SEED), PATIENCE) else {
        panic!("it was paid for its memory")
    };
    assert!(log.contains("learned by heart"), "{log}");
}

#[test]
fn the_harness_is_the_snapshots_own_main() {
    let project = trial::example().join("project");
    let harness = std::fs::read(project.join("benchmark/harness/main.lua")).unwrap();
    assert_eq!(harness, std::fs::read(project.join("repository/main.lua")).unwrap());
}
