//! The enclave judges a published library: a real improvement of it is approved, the library itself never.
//!
//! What is fetched, what was improved and what was measured: `tests/real-library/README.md`. The metric is a time, so the
//! timed rule decides, and no number is asserted. One test holds both judgements, so that they do not share the machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../../enclave/appliance/tests/host/mod.rs"]
mod host;
#[path = "support/published.rs"]
mod published;

use alloy_primitives::{Address, B256, U256};
use bytes::Bytes;
use host::{DOMAIN, Enclave, End, Shelf, workspace};
use orv_content::archive;
use orv_content::tree::Tree;
use orv_miner::patch::Patch;
use orv_protocol::judgement::{Arm, Interval, Intervals, Judgement, TrialRecord};
use orv_protocol::score::{Ratio, Score};
use orv_receipt::rule::{Documents, arm_of, case_of};
use orv_receipt::{Bundle, IncumbentFacts, ProjectFacts, ProposalFacts, Run};
use orv_runner::Runner;
use orv_trial::measurement::{Bench, measure};
use orv_trial::{Caps, Inputs};
use orv_wire::Job;

const INPUT: &str = "tests/real-library";

/// What the gateway grants a proposal (DESIGN 5.2).
const ATTEMPTS: u8 = 3;

#[test]
fn a_real_improvement_of_a_published_library_is_approved_and_the_library_itself_is_not() {
    let snapshot = published::library(&workspace().join(INPUT));
    let patch = std::fs::read(workspace().join(INPUT).join("improvement.patch")).unwrap();
    let improved = Patch::parse(&patch).unwrap().apply(&snapshot).unwrap();
    let project = Project::publish(&snapshot);

    let unchanged = project.attempt("unchanged", &snapshot, 1);
    assert_ne!(
        unchanged.run.verdict, 1,
        "the library was taken for an improvement of itself"
    );

    let approved = (2..2 + ATTEMPTS).map(|ticket| project.attempt("improvement", &improved, ticket));
    let approved = approved.into_iter().find(|attempt| attempt.run.verdict == 1);
    let approved = approved.unwrap_or_else(|| panic!("not approved in {ATTEMPTS} attempts, see above"));
    assert_eq!(
        (approved.run.metric_kind, approved.run.metric_channel),
        (2, 2),
        "timed and shared"
    );
    assert!(
        approved.bundle.differences.is_empty(),
        "the patch keeps to the mutable surface"
    );
    assert_eq!(
        approved.run.lower, approved.run.score,
        "the score is what the measurement vouches for"
    );
}

/// The project as it would stand on chain, and its bytes.
struct Project {
    facts: ProjectFacts,
    documents: Documents,
    shelf: Shelf,
}

/// One statement with its record.
struct Attempt {
    run: Run,
    bundle: Bundle,
}

impl Project {
    /// Makes the bundles and measures the baseline on this machine, as a creator does.
    fn publish(snapshot: &Tree) -> Self {
        let benchmark = host::benchmark(
            &format!("{INPUT}/benchmark"),
            &[("bin/lua", "lua"), ("bin/bash", "plain-shell")],
        );
        let protocol = std::fs::read(workspace().join(INPUT).join("protocol.json")).unwrap();
        let tree = archive::read(Bytes::from(benchmark.clone()), &archive::Quota::project()).unwrap();
        let documents = Documents::parse(&protocol, Some(tree.file("openresearch.json").unwrap())).unwrap();
        let baseline = baseline(&documents, snapshot, &tree);
        println!("baseline: {baseline} (score units are microseconds, negated)");
        let mut shelf = Shelf::default();
        let facts = ProjectFacts {
            id: U256::from(1),
            protocol_hash: shelf.put(protocol),
            repo_snapshot_hash: shelf.put(archive::write(snapshot)),
            benchmark_hash: shelf.put(benchmark),
            baseline_score: baseline.0,
            baseline_metrics_hash: B256::repeat_byte(4),
            token: Address::repeat_byte(5),
            creator: Address::repeat_byte(6),
            created_at: 1_790_000_000,
        };
        Self {
            facts,
            documents,
            shelf,
        }
    }

    /// One attempt with a ticket of its own, printed whatever comes of it.
    fn attempt(&self, name: &str, candidate: &Tree, ticket: u8) -> Attempt {
        let enclave = Enclave::start();
        let mut channel = enclave.connect();
        host::introduce(&mut channel);
        let mut shelf = self.shelf.clone();
        let code_hash = shelf.put(archive::write(candidate));
        let (run, bundle) = match host::serve(&mut channel, &self.job(code_hash, ticket), &shelf) {
            End::Judged(outcome, bundle) => (outcome.run, *bundle),
            End::Refused(failure) => panic!("{name}: {failure:?}"),
        };
        let attempt = Attempt { run, bundle };
        println!("{name}, ticket {ticket}: {}", self.describe(&attempt));
        attempt
    }

    fn job(&self, code_hash: B256, ticket: u8) -> Job {
        Job {
            domain: DOMAIN,
            ledger: Address::repeat_byte(1),
            registry: Address::repeat_byte(2),
            ticket: B256::repeat_byte(ticket),
            project: self.facts.clone(),
            proposal: ProposalFacts {
                id: U256::from(7),
                project_id: self.facts.id,
                miner: Address::repeat_byte(7),
                reward_recipient: Address::repeat_byte(8),
                code_hash,
                benchmark_log_hash: B256::repeat_byte(9),
                claimed_score: self.facts.baseline_score,
                stake: U256::from(11),
                submitted_at: 1_790_000_100,
            },
            incumbent: IncumbentFacts {
                code_hash: B256::ZERO,
                score: self.facts.baseline_score,
            },
        }
    }

    fn describe(&self, attempt: &Attempt) -> String {
        let run = &attempt.run;
        let reason = String::from_utf8_lossy(&run.reason.0).trim_end_matches('\0').to_owned();
        let verdict = ["approve", "reject", "inconclusive"][usize::from(run.verdict - 1)];
        let records = self.records(&attempt.bundle);
        let [before, after] = [Arm::Snapshot, Arm::Candidate].map(|arm| median(&records, arm));
        let case = case_of(&attempt.bundle, &self.documents).unwrap();
        let intervals = Judgement::replay(case, &records).unwrap().intervals();
        format!(
            "{verdict} ({reason}), score {} of {} to {}; median seconds {before} before, {after} after; {}; {} trials",
            run.score,
            run.lower,
            run.upper,
            intervals.as_ref().map_or("no intervals".to_owned(), ratios),
            records.len(),
        )
    }

    /// The record as the published rule reads it.
    fn records(&self, bundle: &Bundle) -> Vec<TrialRecord> {
        let records = bundle.trials.iter().map(|trial| TrialRecord {
            arm: arm_of(trial.arm).unwrap(),
            outcome: trial.observation.outcome(&self.documents),
        });
        records.collect()
    }
}

/// The snapshot's score: the median of five trials, in the enclave's own containers.
fn baseline(documents: &Documents, snapshot: &Tree, benchmark: &Tree) -> Score {
    let directory = tempfile::tempdir().unwrap();
    let mut runner = Runner::new(directory.path().join("runner"));
    runner.helper = host::program();
    let inputs = Inputs {
        documents,
        snapshot,
        benchmark,
        image: None,
        incumbent: None,
        candidate: None,
    };
    let bench = Bench {
        runner: &runner,
        caps: Caps::ENCLAVE,
        directory: directory.path(),
    };
    measure(
        &inputs,
        Arm::Snapshot,
        &[[1; 32], [2; 32], [3; 32], [4; 32], [5; 32]],
        &bench,
    )
    .unwrap()
    .score
}

fn median(records: &[TrialRecord], arm: Arm) -> String {
    let metrics = records
        .iter()
        .filter(|record| record.arm == arm)
        .filter_map(|record| Some(record.outcome.metric()?.to_string()));
    // All are below ten seconds, so their texts are in the order of the numbers.
    let mut metrics: Vec<_> = metrics.collect();
    metrics.sort();
    metrics.get(metrics.len() / 2).cloned().unwrap_or("none".to_owned())
}

/// How many times as fast the candidate and the incumbent's twin are, from the worse end to the better.
fn ratios(intervals: &Intervals) -> String {
    let times = |interval: &Interval| {
        // A ratio of times in parts of ten thousand; seven digits are enough to print two.
        let parts = |end: Ratio| {
            end.times(Score::from(10_000))
                .unwrap()
                .0
                .to_string()
                .parse::<f64>()
                .unwrap()
        };
        format!(
            "{:.2} to {:.2}",
            10_000.0 / parts(interval.high),
            10_000.0 / parts(interval.low)
        )
    };
    format!(
        "{} times as fast, the twin {}",
        times(&intervals.reference),
        times(&intervals.shadow)
    )
}
