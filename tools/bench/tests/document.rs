//! Every benchmark runs to its end and prints the document that programs read. No figure is judged: a busy machine says
//! nothing about the code.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use serde_json::Value;
use std::process::Command;

/// The document of one run; none, loudly, where it cannot be taken.
fn document(arguments: &[&str]) -> Option<Value> {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("SKIPPED, NOT TESTED: benchmarks of containers and of tmpfs need root");
        return None;
    }
    let output = Command::new(env!("CARGO_BIN_EXE_orv-bench"))
        .args(arguments)
        .arg("--json")
        .output()
        .unwrap();
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{stderr}{stdout}");
    Some(serde_json::from_str(stdout.lines().last().expect("a document")).unwrap())
}

fn section<'a>(document: &'a Value, name: &str) -> &'a Value {
    let sections = document["sections"].as_array().unwrap();
    sections
        .iter()
        .find(|section| section["name"] == name)
        .unwrap_or_else(|| panic!("no section {name}"))
}

/// First cells of a section's rows; every row has as many cells as there are heads.
fn rows(section: &Value) -> Vec<&str> {
    let heads = section["table"]["heads"].as_array().unwrap().len();
    let rows = section["table"]["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            assert_eq!(row.as_array().unwrap().len(), heads, "{row}");
            row[0].as_str().unwrap()
        })
        .collect()
}

#[test]
fn starts_trials_pairs_and_relayed_requests_are_measured() {
    let arguments = [
        "runner",
        "--rounds",
        "1",
        "--pairs",
        "1",
        "--trials",
        "1",
        "--requests",
        "3",
    ];
    let Some(document) = document(&arguments) else { return };
    assert_eq!(document["schema"], "orv.bench/1");
    let started = rows(section(&document, "start"));
    assert!(started.contains(&"bare") && started.contains(&"orv"), "{started:?}");
    assert_eq!(rows(section(&document, "trial")), ["shared", "split"]);
    assert_eq!(rows(section(&document, "fidelity")).len(), 5);
    assert_eq!(section(&document, "fidelity")["targets"].as_array().unwrap().len(), 6);
    assert_eq!(rows(section(&document, "relay")).len(), 2);
}

#[test]
fn roots_agree_a_content_streams_and_an_archive_unpacks() {
    let arguments = [
        "content",
        "--rounds",
        "1",
        "--root-size",
        "1",
        "--stream-size",
        "1",
        "--files",
        "20",
    ];
    let Some(document) = document(&arguments) else { return };
    let root = section(&document, "root");
    assert!(rows(root).contains(&"ours, portable") && rows(root).contains(&"tiny-keccak, scalar"));
    let notes = root["notes"].as_array().unwrap();
    assert!(notes[0].as_str().unwrap().contains("was not measured"), "{notes:?}");
    assert_eq!(section(&document, "threads")["targets"].as_array().unwrap().len(), 1);
    assert_eq!(rows(section(&document, "stream")).len(), 2);
    assert_eq!(rows(section(&document, "unpack")).len(), 5);
}

#[test]
fn evidence_of_each_platform_is_verified_in_each_way() {
    let Some(document) = document(&["attestation", "--documents", "3"]) else {
        return;
    };
    assert_eq!(rows(section(&document, "tdx")).len(), 3);
    assert_eq!(rows(section(&document, "snp")).len(), 3);
    assert_eq!(rows(section(&document, "nitro")), ["orv, cold", "orv, warm"]);
}

#[test]
fn a_benchmark_that_cannot_be_run_is_a_document_too() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orv-bench"));
    // Nobody's temporary directory: the first thing that any figure needs.
    let output = command
        .args(["content", "--only", "unpack", "--json"])
        .env("TMPDIR", "/nonexistent")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&document["schema"], &document["code"]),
        (&"orv.bench/1".into(), &"ORV-B-002".into())
    );
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    for (arguments, status) in [
        (&["--help"][..], 0),
        (&["content", "--only", "unpack", "--json"], 1),
        (&["attestation", "--documents", "1"], 0),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_orv-bench"));
        command
            .args(arguments)
            .stdout(writer.try_clone().unwrap())
            .stderr(writer);
        // Nobody's temporary directory: what needs one fails, and has to say so to nobody.
        let ended = command.env("TMPDIR", "/nonexistent").status().unwrap();
        assert_eq!(ended.code(), Some(status), "{arguments:?}");
    }
}
