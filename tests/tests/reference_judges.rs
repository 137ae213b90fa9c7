//! The judges that creators start from, in Python and in Rust, run real split trials: `docs/split-judging.md`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "support/debian.rs"]
#[allow(dead_code, reason = "the suite of the image uses the rest")]
mod debian;
#[path = "../../enclave/appliance/tests/host/mod.rs"]
mod host;

use alloy_primitives::I256;
use host::{Enclave, End, Shelf, file, workspace};
use orv_content::archive::{self, Quota};
use orv_content::materialize::read_directory;
use orv_content::oci::{ManifestDigest, write_single_layer};
use orv_content::tree::{Executable, Tree, TreePath};
use orv_protocol::judgement::{Arm, TrialOutcome, VoidCause};
use orv_receipt::rule::Documents;
use orv_runner::Runner;
use orv_trial::rehearsal::{Rehearsal, Sample, Seeding, rehearse};
use orv_trial::{Caps, Inputs};
use orv_wire::Job;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SEEDS: [[u8; 32]; 2] = [[1; 32], [2; 32]];

/// Requests of a reference judge.
const ROUNDS: u64 = 40;

/// One of the reference projects, ready to be run.
struct Project {
    documents: Documents,
    snapshot: Tree,
    benchmark: Tree,
    image: Tree,
    protocol: Vec<u8>,
    manifest: String,
}

impl Project {
    /// Reads a folder of `images/judges`; its manifest leaves the image open, and gets this one.
    fn of(kind: &str, image: Tree, digest: &ManifestDigest) -> Self {
        let folder = workspace().join("images/judges").join(kind);
        let benchmark = read_directory(&folder.join("benchmark"), &Quota::project()).unwrap();
        let manifest = String::from_utf8(benchmark.file("openresearch.json").unwrap().to_vec()).unwrap();
        let manifest = manifest.replace(&format!("sha256:{}", "0".repeat(64)), &digest.to_string());
        let protocol = std::fs::read(folder.join("protocol.json")).unwrap();
        Self {
            documents: Documents::parse(&protocol, Some(manifest.as_bytes())).unwrap(),
            snapshot: read_directory(&folder.join("repository"), &Quota::project()).unwrap(),
            benchmark,
            image,
            protocol,
            manifest,
        }
    }

    /// The Rust project: the judge in the benchmark, the candidate in the image.
    fn rust() -> Self {
        let mut root = Tree::new();
        put(
            &mut root,
            "bin/reference-candidate",
            &std::fs::read(program("reference-candidate")).unwrap(),
        );
        let (image, digest) = write_single_layer(&root, Vec::new(), "/work").unwrap();
        let mut project = Self::of("rust", image, &digest);
        let judge = std::fs::read(program("reference-judge")).unwrap();
        put(&mut project.benchmark, "judge/reference-judge", &judge);
        project
    }

    /// The Python project in a Debian, where this machine can make one.
    fn python() -> Option<Self> {
        debian::python_image().map(|image| Self::of("python", image.layout, &image.manifest))
    }

    /// Runs the project's own code.
    fn run(&self) -> Rehearsal {
        self.rehearse(None)
    }

    /// Runs the project with another `solve.py`, as a proposal brings it.
    fn propose(&self, solve: &str) -> Sample {
        let mut candidate = self.snapshot.clone();
        put(&mut candidate, "solve.py", solve.as_bytes());
        self.rehearse(Some(&candidate)).samples.remove(0)
    }

    fn rehearse(&self, candidate: Option<&Tree>) -> Rehearsal {
        let directory = tempfile::tempdir().unwrap();
        let mut runner = Runner::new(directory.path().join("runner"));
        runner.helper = host::program();
        let bench = orv_trial::measurement::Bench {
            runner: &runner,
            caps: Caps::ENCLAVE,
            directory: directory.path(),
        };
        let inputs = Inputs {
            documents: &self.documents,
            snapshot: &self.snapshot,
            benchmark: &self.benchmark,
            image: Some(&self.image),
            incumbent: None,
            candidate,
        };
        let arm = candidate.map_or(Arm::Snapshot, |_| Arm::Candidate);
        rehearse(&inputs, arm, Seeding::Each(&SEEDS), &bench).unwrap()
    }
}

/// A job for another `solve.py`, the image on the shelf by a root of its own.
fn job(project: &Project, shelf: &mut Shelf, solve: &str) -> Job {
    let mut benchmark = project.benchmark.clone();
    let image = shelf.put(archive::write(&project.image));
    let manifest = project
        .manifest
        .replace("\"image\": {", &format!("\"image\": {{ \"root\": \"{image}\","));
    put(&mut benchmark, "openresearch.json", manifest.as_bytes());
    let mut candidate = project.snapshot.clone();
    put(&mut candidate, "solve.py", solve.as_bytes());
    let mut job = host::job(shelf, archive::write(&candidate), 1);
    job.project.protocol_hash = shelf.put(project.protocol.clone());
    job.project.repo_snapshot_hash = shelf.put(archive::write(&project.snapshot));
    job.project.benchmark_hash = shelf.put(archive::write(&benchmark));
    // No run of another machine reproduces it: the metric is a time.
    job.project.baseline_score = I256::try_from(-123_456_789).unwrap();
    job.incumbent.score = job.project.baseline_score;
    job
}

#[test]
fn an_enclave_judges_a_timed_split_project_and_rejects_no_improvement_of_it() {
    let Some(project) = Project::python() else { return };
    let mut shelf = Shelf::default();
    let job = job(
        &project,
        &mut shelf,
        "def solve(numbers):\n    return sorted(numbers)\n",
    );
    let enclave = Enclave::start();
    let mut channel = enclave.connect();
    host::introduce(&mut channel);
    let End::Judged(outcome, bundle) = host::serve(&mut channel, &job, &shelf) else {
        panic!("refused")
    };
    let reason = String::from_utf8_lossy(&outcome.run.reason.0).replace('\0', "");
    println!(
        "{reason} after {} trials, score {}",
        bundle.trials.len(),
        outcome.run.score
    );
    // A machine with other work may leave it undecided; it is never a reject.
    assert_ne!(outcome.run.verdict, 2, "{reason}");
    assert_eq!(
        (outcome.run.metric_kind, outcome.run.metric_channel),
        (2, 1),
        "timed and split: {reason}"
    );
    assert_eq!(bundle.obstacle, None);
    for trial in &bundle.trials {
        let seen = &trial.observation;
        let metric = seen.outcome(&project.documents).metric().unwrap();
        assert_eq!(metric.to_string(), seen.window_nanoseconds.to_string());
    }
}

fn put(tree: &mut Tree, path: &str, bytes: &[u8]) {
    tree.insert(TreePath::new(path).unwrap(), file(bytes.to_vec(), Executable::Yes))
        .unwrap();
}

/// A program of the static build.
fn program(name: &str) -> PathBuf {
    let path = workspace()
        .join("target/static/x86_64-unknown-linux-gnu/reproducible")
        .join(name);
    assert!(
        path.exists(),
        "{} is missing; build it: cargo build --config images/example/static.toml -p orv-reference-judge \
         --profile reproducible --target-dir target/static",
        path.display()
    );
    path
}

/// Every trial counts, and its metric is the runner's time of the windows.
fn assert_timed_by_its_windows(rehearsal: &Rehearsal) {
    assert_eq!(rehearsal.samples.len(), SEEDS.len());
    for sample in &rehearsal.samples {
        let seen = &sample.observation;
        let metric = sample.outcome.metric();
        let metric = metric.unwrap_or_else(|| panic!("{:?}: {}", sample.outcome, log(sample)));
        assert_eq!(metric.to_string(), seen.window_nanoseconds.to_string());
        assert_eq!((seen.windows, seen.metric.as_slice()), (ROUNDS, b"ok\n".as_slice()));
    }
}

fn log(sample: &Sample) -> String {
    let seen = &sample.observation;
    let both = [Some(&seen.measured), seen.candidate.as_ref()];
    let both = both
        .into_iter()
        .flatten()
        .map(|process| String::from_utf8_lossy(&process.log));
    both.collect::<Vec<_>>().join("\n---\n")
}

#[test]
fn the_rust_judge_runs_a_trial_timed_by_its_windows() {
    assert_timed_by_its_windows(&Project::rust().run());
}

#[test]
fn the_python_judge_runs_a_trial_timed_by_its_windows() {
    let Some(project) = Project::python() else { return };
    assert_timed_by_its_windows(&project.run());
}

#[test]
fn a_wrong_answer_gives_no_metric_and_is_the_judges_word() {
    let Some(project) = Project::python() else { return };
    for (solve, reason) in [
        ("return numbers", "not the list in order"),
        ("return [True for _ in numbers]", "not a list of whole numbers"),
        ("return {'nan': float('nan')}", "not a list of whole numbers"),
        ("return sorted(numbers)[:-1]", "not the list in order"),
    ] {
        let sample = project.propose(&format!("def solve(numbers):\n    {solve}\n"));
        assert_eq!(sample.outcome, TrialOutcome::Void(VoidCause::JudgeFailed), "{solve}");
        assert!(log(&sample).contains(reason), "{solve}: {}", log(&sample));
    }
}

#[test]
fn a_candidate_that_writes_the_metric_itself_or_answers_early_voids_the_trial() {
    let Some(project) = Project::python() else { return };
    // The right answer, and at once one to what has not been asked.
    let early = "import json, os\ndef solve(numbers):\n    \
                 os.write(3, (json.dumps(sorted(numbers)) + '\\n[]\\n').encode())\n    return numbers\n";
    let sample = project.propose(early);
    assert_eq!(
        sample.outcome,
        TrialOutcome::Void(VoidCause::EarlyAnswer),
        "{}",
        log(&sample)
    );

    // On this side descriptor 4 is whatever the candidate made it: here its own channel, so this is but an answer. Another
    // one, to the same request, would be an early one if it came before the judge has gone.
    let forged = "import os, time\ndef solve(numbers):\n    os.write(4, b'ok\\n')\n    time.sleep(3600)\n";
    let sample = project.propose(forged);
    assert_eq!(
        sample.outcome,
        TrialOutcome::Void(VoidCause::JudgeFailed),
        "{}",
        log(&sample)
    );
    assert!(sample.observation.metric.is_empty());
}

#[test]
fn judge_and_candidate_share_no_processor() {
    let Some(mut project) = Project::python() else { return };
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        eprintln!("SKIPPED, NOT TESTED: one processor only");
        return;
    }
    const TELL: &str = "import os, sys\nsys.stderr.write(f'processors {sorted(os.sched_getaffinity(0))}\\n')\n";
    let judge = String::from_utf8(project.benchmark.file("judge/judge.py").unwrap().to_vec()).unwrap();
    put(
        &mut project.benchmark,
        "judge/judge.py",
        format!("{TELL}{judge}").as_bytes(),
    );
    let sample = project.propose(&format!("{TELL}def solve(numbers):\n    return sorted(numbers)\n"));
    let log = log(&sample);
    let of = log.lines().filter_map(|line| line.strip_prefix("processors ["));
    let of: Vec<Vec<&str>> = of
        .map(|list| list.trim_end_matches(']').split(", ").collect())
        .collect();
    assert_eq!(of.len(), 2, "{log}");
    assert!(of[0].iter().all(|processor| !of[1].contains(processor)), "{log}");
}

/// Judge and candidate as plain processes on one socket pair: what the two programs must do without the runner's help.
fn without_containers(judge: &[&str], candidate: &[&str], directory: &Path) -> (bool, String) {
    const PLACED: &str = r#"exec "$0" "$@" 3<&0 0</dev/null"#;
    const PLACED_WITH_METRIC: &str = r#"exec "$0" "$@" 3<&0 4>&1 1>&2 0</dev/null"#;
    let (judge_end, candidate_end) = UnixStream::pair().unwrap();
    let mut answering = Command::new("/bin/sh")
        .args(["-c", PLACED])
        .args(candidate)
        .current_dir(directory)
        .stdin(OwnedFd::from(candidate_end))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut asking = Command::new("/bin/sh")
        .args(["-c", PLACED_WITH_METRIC])
        .args(judge)
        .env("ORV_SEED", "5a".repeat(32))
        .stdin(OwnedFd::from(judge_end))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut metric = String::new();
    asking.stdout.take().unwrap().read_to_string(&mut metric).unwrap();
    let status = asking.wait().unwrap();
    let _ = answering.kill();
    answering.wait().unwrap();
    (status.success(), metric)
}

#[test]
fn judges_and_candidates_of_both_languages_understand_each_other() {
    let python = workspace().join("images/judges/python");
    let script = python.join("benchmark/judge/judge.py");
    let (rust_judge, rust_candidate) = (program("reference-judge"), program("reference-candidate"));
    let judges = [
        vec!["python3", "-I", script.to_str().unwrap(), "5", "20"],
        vec![rust_judge.to_str().unwrap(), "5", "20"],
    ];
    let candidates = [vec!["python3", "candidate.py"], vec![rust_candidate.to_str().unwrap()]];
    for judge in &judges {
        for candidate in &candidates {
            let ended = without_containers(judge, candidate, &python.join("repository"));
            assert_eq!(ended, (true, "ok\n".to_owned()), "{judge:?} with {candidate:?}");
        }
        let left = without_containers(judge, &["true"], &python);
        assert_eq!(left, (false, String::new()), "{judge:?}");
    }
}

#[test]
fn the_harness_of_the_python_project_is_the_snapshots_own() {
    let folder = workspace().join("images/judges/python");
    let read = |path: &str| std::fs::read_to_string(folder.join(path)).unwrap();
    assert_eq!(read("benchmark/harness/candidate.py"), read("repository/candidate.py"));
}
