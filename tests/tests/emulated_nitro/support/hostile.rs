//! The hostile miner's project (`tests/attacks`): its harness runs what a candidate's `solution` says and prints an honest
//! metric beside it, and the receipt keeps what the attack said.

use crate::host::{self, Shelf, file, workspace};
use alloy_primitives::U256;
use alloy_primitives::{Address, B256, I256};
use orv_content::archive;
use orv_content::oci::write_single_layer;
use orv_content::tree::{Executable, Node, Tree, TreePath};
use orv_receipt::{Bundle, Observation, ProjectFacts};
use orv_wire::Job;
use serde_json::{Value, json};

/// Where the static attack programs are built, as `tests/attacks` has them.
const PROGRAM: &str = "target/static/x86_64-unknown-linux-gnu/reproducible/orv-attacks";
const BUILD: &str = "cargo build --config images/example/static.toml -p orv-attacks --profile reproducible \
                     --target-dir target/static";

/// The number of the candidate's arm in a bundle.
const CANDIDATE: u8 = 2;

/// The metric of a candidate that forges nothing.
const HONEST: i64 = 1000;

/// The project, everything it names on the shelf.
pub fn project(shelf: &mut Shelf) -> ProjectFacts {
    let (layout, digest) = image();
    let mut benchmark = tree(&[("openresearch.json", manifest(&digest)), ("harness/bench.conf", conf())]);
    for (path, node) in layout.iter() {
        benchmark
            .insert(TreePath::new(format!("image/{path}")).unwrap(), node.clone())
            .unwrap();
    }
    ProjectFacts {
        id: U256::from(3),
        protocol_hash: shelf.put(protocol().into_bytes()),
        repo_snapshot_hash: shelf.put(archive::write(&tree(&repository("environment HOME")))),
        benchmark_hash: shelf.put(archive::write(&benchmark)),
        baseline_score: I256::try_from(-HONEST).unwrap(),
        baseline_metrics_hash: B256::repeat_byte(4),
        token: Address::repeat_byte(5),
        creator: Address::repeat_byte(6),
        created_at: 1_790_000_000,
    }
}

/// A candidate that does this.
pub fn candidate(words: &str) -> Vec<u8> {
    archive::write(&tree(&repository(words)))
}

/// A job for a candidate that does this, without a chain.
pub fn job(shelf: &mut Shelf, words: &str, ticket: u8) -> Job {
    let mut job = host::job(shelf, candidate(words), ticket);
    job.project = project(shelf);
    job.incumbent.score = job.project.baseline_score;
    job
}

/// What the last trial of the candidate in a receipt was.
pub fn last_trial(bundle: &Bundle) -> &Observation {
    let mut trials = bundle.trials.iter().rev();
    &trials.find(|trial| trial.arm == CANDIDATE).unwrap().observation
}

/// The line that an attack printed: `got …` or `held: …`.
pub fn said(trial: &Observation) -> String {
    let text = String::from_utf8_lossy(&trial.metric).into_owned() + &String::from_utf8_lossy(&trial.measured.log);
    let line = text
        .lines()
        .find(|line| line.starts_with("got ") || line.starts_with("held: "));
    line.unwrap_or_default().to_owned()
}

fn repository(solution: &str) -> Vec<(&'static str, Node)> {
    vec![
        ("solution", text(solution)),
        ("LICENSE", text("free")),
        ("README", text("words")),
    ]
}

fn text(content: &str) -> Node {
    file(content.as_bytes().to_vec(), Executable::No)
}

/// The metric, where it is printed, and that the attack's own end counts.
fn conf() -> Node {
    text(&format!("{HONEST} stdout checked"))
}

fn manifest(image: &str) -> Node {
    let manifest = json!({
        "schema": "openresearch/1",
        "score": { "scale": "1", "sign": "negate-if-minimize" },
        "metric": { "max_jump": "10000" },
        "image": { "manifest": image },
    });
    text(&manifest.to_string())
}

fn protocol() -> String {
    let example = std::fs::read(workspace().join("images/example/project/protocol.json")).unwrap();
    let mut protocol: Value = serde_json::from_slice(&example).unwrap();
    protocol["mutableSurface"]["allowedGlobs"] = json!(["solution"]);
    protocol["mutableSurface"]["forbiddenGlobs"] = json!(["LICENSE"]);
    protocol["immutableHarness"]["paths"] = json!(["README"]);
    protocol["execution"]["command"] = json!("/bin/attack harness");
    protocol["execution"]["hardTimeoutSeconds"] = json!(30);
    protocol["measurement"]["primaryMetric"]["extract"]["pattern"] = json!("^METRIC=([0-9]+)$");
    protocol["measurement"]["primaryMetric"]["extract"]["exampleStdout"] = json!("METRIC=1000");
    protocol.to_string()
}

/// The image of the attack programs alone, and its digest.
fn image() -> (Tree, String) {
    let built = workspace().join(PROGRAM);
    let program =
        std::fs::read(&built).unwrap_or_else(|error| panic!("{}: {error}; build it: {BUILD}", built.display()));
    let target = "attack".to_owned();
    let rootfs = tree(&[
        ("bin/attack", file(program, Executable::Yes)),
        ("bin/bash", Node::Symlink { target }),
    ]);
    let (layout, digest) = write_single_layer(&rootfs, Vec::new(), "/work").unwrap();
    (layout, digest.to_string())
}

fn tree(files: &[(&'static str, Node)]) -> Tree {
    let mut tree = Tree::new();
    for (path, node) in files {
        tree.insert(TreePath::new(*path).unwrap(), node.clone()).unwrap();
    }
    tree
}
