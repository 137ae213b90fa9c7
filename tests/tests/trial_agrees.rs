//! What a person runs is what the enclave ran: `orv trial` on the bytes of a receipt comes to the same inputs of the
//! verdict, field by field.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../../enclave/appliance/tests/host/mod.rs"]
mod host;

use alloy_primitives::B256;
use host::{DOMAIN, Enclave, End, Shelf, candidate, hello, introduce_as, job, serve, workspace};
use orv_evidence::challenge;
use orv_protocol::judgement::TrialOutcome;
use orv_receipt::rule::{Documents, arm_of, decide};
use orv_receipt::{Bundle, ChallengeBlock, RECEIPT_VERSION, Receipt};
use orv_wire::Hello;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The block that the enclave's evidence answers.
const BLOCK: ChallengeBlock = ChallengeBlock {
    number: 12,
    hash: B256::repeat_byte(0x5c),
};

/// A judged job: its record, and a folder with the receipt and the archives that it names.
struct Judged {
    bundle: Bundle,
    folder: tempfile::TempDir,
}

/// Has the real enclave judge one of the example's proposals, and keeps everything as a stranger would find it.
fn judged(name: &str, ticket: u8) -> Judged {
    let enclave = Enclave::start();
    let mut channel = enclave.connect();
    let plain = hello();
    let (registry, operator) = (plain.registry.into(), plain.operator.into());
    let answered = challenge(DOMAIN.chain_id, registry, operator, BLOCK.number, BLOCK.hash.0);
    let envelope = introduce_as(
        &mut channel,
        Hello {
            challenge: B256::from(answered),
            ..plain
        },
    );
    let mut shelf = Shelf::default();
    let job = job(&mut shelf, candidate(name), ticket);
    let (outcome, bundle) = match serve(&mut channel, &job, &shelf) {
        End::Judged(outcome, bundle) => (outcome, *bundle),
        End::Refused(failure) => panic!("{name}: {failure:?}"),
    };
    let receipt = Receipt {
        version: RECEIPT_VERSION,
        domain: DOMAIN,
        run: outcome.run,
        signature: outcome.signature,
        bundle: bundle.encode(),
        envelope,
        challenge_block: BLOCK,
        collateral: None,
    };
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("receipt.orv", receipt.encode()),
        ("protocol.json", bundle.protocol_json.clone()),
        ("snapshot.tar", shelf.0[&job.project.repo_snapshot_hash].clone()),
        ("benchmark.tar", shelf.0[&job.project.benchmark_hash].clone()),
        ("candidate.tar", shelf.0[&job.proposal.code_hash].clone()),
    ];
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    Judged { bundle, folder }
}

/// A program beside the running test.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join(name);
    assert!(
        path.exists(),
        "{} is missing; build it: cargo build -p {name}",
        path.display()
    );
    path
}

/// The one document of `orv-audit replay` of the folder's receipt, from what the folder has, and the exit status.
fn replay(folder: &Path) -> (i32, Value) {
    let output = Command::new(program("orv-audit"))
        .current_dir(folder)
        .args(["replay", "receipt.orv", "--from", ".", "--json"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let document = serde_json::from_str(&text);
    let document = document.unwrap_or_else(|_| panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), document)
}

/// The one document of `orv trial` with these arguments, and the exit status.
fn trial(folder: &Path, arguments: &[&str]) -> (i32, Value) {
    let output = Command::new(program("orv"))
        .current_dir(folder)
        .args(["--json", "trial"])
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let document = text.lines().last().and_then(|line| serde_json::from_str(line).ok());
    let document =
        document.unwrap_or_else(|| panic!("no document: {text}\n{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), document)
}

/// The trials of a record as the document writes them.
fn recorded(bundle: &Bundle) -> Vec<Value> {
    let documents = Documents::parse(&bundle.protocol_json, bundle.project_json.as_deref()).unwrap();
    let rows = bundle.trials.iter().map(|trial| {
        let metric = match trial.observation.outcome(&documents) {
            TrialOutcome::Void(_) => None,
            outcome => outcome.metric().map(|metric| metric.to_string()),
        };
        json!({
            "arm": format!("{:?}", arm_of(trial.arm).unwrap()).to_ascii_lowercase(),
            "seed": bundle.seed.to_string(),
            "metric": metric,
            "windows": trial.observation.windows,
            "ending": "exited",
        })
    });
    rows.collect()
}

/// The same of a document.
fn shown(document: &Value) -> Vec<Value> {
    let rows = document["trials"].as_array().unwrap().iter().map(|trial| {
        json!({
            "arm": trial["arm"],
            "seed": trial["seed"],
            "metric": trial["metric"],
            "windows": trial["windows"],
            "ending": trial["process"]["ending"],
        })
    });
    rows.collect()
}

#[test]
fn a_receipts_job_run_again_has_the_same_inputs_and_the_same_decision() {
    for (name, ticket) in [("improvement", 1), ("forger", 2)] {
        let judged = judged(name, ticket);
        let (status, document) = trial(
            judged.folder.path(),
            &[
                "--receipt",
                "receipt.orv",
                "--repo",
                "snapshot.tar",
                "--benchmark",
                "benchmark.tar",
                "--candidate",
                "candidate.tar",
            ],
        );
        assert_eq!(status, 0, "{document}");
        assert_eq!(document["disagreements"], json!([]), "{name}");
        assert_eq!(document["tree"], json!(judged.bundle.candidate_tree.to_string()));
        assert_eq!(shown(&document), recorded(&judged.bundle), "{name}");
        let decision = decide(&judged.bundle).unwrap();
        assert_eq!(document["decision"]["reason"], json!(decision.reason.code()));
        assert_eq!(document["decision"]["score"], json!(decision.score.to_string()));
        assert_eq!(
            document["undone"].as_array().unwrap().len(),
            judged.bundle.differences.len()
        );
        let advice = judged.bundle.advice.as_ref().unwrap();
        let advised = document["advice"]["findings"].as_array().unwrap();
        assert_eq!(advised.len(), advice.findings.len(), "{name}");
        assert_eq!(name == "forger", !advised.is_empty(), "{document}");
    }
}

#[test]
fn a_miner_with_ticket_and_secret_gets_the_seed_and_the_metric_of_the_attempt() {
    let judged = judged("second-improvement", 3);
    let (ticket, secret) = (judged.bundle.ticket.to_string(), judged.bundle.secret.to_string());
    let (status, document) = trial(
        judged.folder.path(),
        &[
            "--protocol",
            "protocol.json",
            "--repo",
            "snapshot.tar",
            "--benchmark",
            "benchmark.tar",
            "--candidate",
            "candidate.tar",
            "--ticket",
            &ticket,
            "--secret",
            &secret,
            "--trials",
            "2",
        ],
    );
    assert_eq!(status, 0, "{document}");
    let candidates: Vec<Value> = recorded(&judged.bundle)
        .into_iter()
        .filter(|trial| trial["arm"] == "candidate")
        .take(2)
        .collect();
    assert_eq!(shown(&document), candidates);
    assert_eq!(document["steadiness"], "exact");
    assert_eq!(document["sampling"]["aggregate"], json!("896"));
}

#[test]
fn other_files_than_those_of_the_receipt_are_refused() {
    let judged = judged("improvement", 4);
    let repository = workspace().join("images/example/project/repository");
    let (status, document) = trial(
        judged.folder.path(),
        &[
            "--receipt",
            "receipt.orv",
            "--repo",
            "snapshot.tar",
            "--benchmark",
            "benchmark.tar",
            "--candidate",
            repository.to_str().unwrap(),
        ],
    );
    assert_eq!((status, &document["code"]), (3, &json!("ORV-C-055")), "{document}");
    assert!(
        document["error"].as_str().unwrap().contains("candidate's code"),
        "{document}"
    );
}

#[test]
fn an_auditor_replays_a_receipt_from_a_folder_of_archives_found_by_hash() {
    let judged = judged("improvement", 5);
    let (status, document) = replay(judged.folder.path());
    assert_eq!((status, &document["outcome"]), (0, &json!("reproduced")), "{document}");
    assert_eq!(document["differences"], json!([]));
    assert!(document["here"].as_str().unwrap().starts_with("approve"), "{document}");

    std::fs::remove_file(judged.folder.path().join("candidate.tar")).unwrap();
    let (status, document) = replay(judged.folder.path());
    assert_eq!((status, &document["code"]), (5, &json!("ORV-A-011")), "{document}");
    let hash = judged.bundle.proposal.code_hash.to_string();
    assert!(document["error"].as_str().unwrap().contains(&hash), "{document}");
}
