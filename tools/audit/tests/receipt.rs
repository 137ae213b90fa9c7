//! The program as an auditor runs it: exit codes, lines, JSON.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../../../enclave/receipt/tests/sample/mod.rs"]
mod sample;

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn audit(file: &Path, options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_orv-audit"))
        .arg("receipt")
        .arg(file)
        .args(options)
        .output()
        .unwrap()
}

fn honest() -> (tempfile::TempDir, std::path::PathBuf, Vec<u8>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("proposal.orv");
    let bytes = sample::receipt_of(&sample::bundle()).encode();
    std::fs::write(&path, &bytes).unwrap();
    (directory, path, bytes)
}

fn document(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_simulated_receipt_is_refused_unless_asked_for() {
    let (_directory, path, _) = honest();
    let refused = audit(&path, &["--json"]);
    assert_eq!(refused.status.code(), Some(3));
    let document = document(&refused);
    assert_eq!(
        (&document["verified"], &document["simulated"]),
        (&Value::Bool(false), &Value::Bool(true))
    );
    let failed = document["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["result"] == "fail")
        .unwrap();
    assert!(failed["detail"].as_str().unwrap().contains("SIMULATED"), "{failed}");

    let accepted = audit(&path, &["--allow-simulated"]);
    let text = String::from_utf8(accepted.stdout).unwrap();
    assert_eq!(accepted.status.code(), Some(0), "{text}");
    assert!(
        text.contains("APPROVE (improved)") && text.contains("SIMULATED") && text.ends_with("VERIFIED\n"),
        "{text}"
    );
}

#[test]
fn json_carries_statement_checks_and_what_is_not_proven() {
    let (_directory, path, _) = honest();
    let output = audit(&path, &["--json", "--allow-simulated"]);
    assert_eq!(output.status.code(), Some(0));
    let document = document(&output);
    assert_eq!(document["schema"], "orv.audit.receipt/1");
    assert_eq!(document["statement"]["verdict"], "approve");
    assert_eq!(document["statement"]["score"], "-960");
    assert_eq!(document["evidence"]["platform"], "sim-nitro");
    assert_eq!(document["not_proven"].as_array().unwrap().len(), 3);
    let names: Vec<_> = document["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["name"].as_str().unwrap())
        .collect();
    for name in [
        "encoding",
        "bundle-root",
        "verdict",
        "statement",
        "signature",
        "key-binding",
        "challenge",
    ] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
}

#[test]
fn a_flipped_byte_anywhere_exits_3_and_names_a_check() {
    let (_directory, path, bytes) = honest();
    let step = bytes.len() / 60 + 1;
    for index in (0..bytes.len()).step_by(step).chain([bytes.len() - 1]) {
        let mut changed = bytes.clone();
        changed[index] ^= 0x20;
        std::fs::write(&path, &changed).unwrap();
        let output = audit(&path, &["--json", "--allow-simulated"]);
        assert_eq!(output.status.code(), Some(3), "byte {index}");
        let document = document(&output);
        let failed = document["checks"]
            .as_array()
            .unwrap()
            .iter()
            .find(|check| check["result"] == "fail");
        assert!(
            failed.unwrap()["name"].as_str().is_some_and(|name| !name.is_empty()),
            "byte {index}"
        );
    }
}

#[test]
fn nothing_that_a_stranger_wrote_reaches_a_terminal_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hostile.orv");
    let mut bundle = sample::bundle();
    bundle.trials.clear();
    sample::lay_out_nothing(&mut bundle);
    let hostile = "\u{1b}[2J\u{9b}31m\u{202e}\u{7f}\u{1f600}";
    bundle.obstacle = Some(orv_receipt::Obstacle {
        reason: "missing-bytes".into(),
        detail: hostile.into(),
    });
    bundle.missing_protections = vec![hostile.into()];
    std::fs::write(&path, sample::receipt_of(&bundle).encode()).unwrap();
    for options in [&["--allow-simulated"][..], &["--allow-simulated", "--json"]] {
        let output = audit(&path, options);
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            text.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)),
            "{text:?}"
        );
    }
    let document = document(&audit(&path, &["--allow-simulated", "--json"]));
    assert_eq!(document["statement"]["obstacle"], hostile);
}

#[test]
fn protections_that_were_missing_and_a_measurement_that_nobody_compared_are_said() {
    let (_directory, path, _) = honest();
    let text = |options: &[&str]| String::from_utf8(audit(&path, options).stdout).unwrap();
    let accepted = text(&["--allow-simulated"]);
    assert!(
        accepted.contains("without these protections: cpu-pinning"),
        "{accepted}"
    );
    assert!(accepted.contains("compared with no published one"), "{accepted}");
    let document = document(&audit(&path, &["--json", "--allow-simulated"]));
    assert_eq!(document["statement"]["missing_protections"][0], "cpu-pinning");
    assert_eq!(document["evidence"]["measurement_compared"], false);
    let own = document["evidence"]["measurement"].as_str().unwrap();
    let compared = text(&["--allow-simulated", "--measurement", own]);
    assert!(!compared.contains("compared with no published one"), "{compared}");
}

#[test]
fn what_decides_nothing_is_told_beside_the_verdict() {
    let (_directory, path, _) = honest();
    let document = document(&audit(&path, &["--json", "--allow-simulated"]));
    let information = &document["information"];
    assert_eq!(information["absolute"]["aggregate"], "960");
    assert_eq!(information["absolute"]["improves"], true);
    assert_eq!(information["advice"][0]["path"], "judge.lua");
    let text = String::from_utf8(audit(&path, &["--allow-simulated"]).stdout).unwrap();
    assert!(
        text.contains("deciding nothing") && text.contains("judge.lua: nothing permits this path"),
        "{text}"
    );
}

#[test]
fn another_measurement_than_the_expected_one_fails() {
    let (_directory, path, _) = honest();
    let accepted = document(&audit(&path, &["--json", "--allow-simulated"]));
    let own = accepted["evidence"]["measurement"].as_str().unwrap();
    assert_eq!(
        audit(&path, &["--allow-simulated", "--measurement", own]).status.code(),
        Some(0)
    );
    let other = format!("0x{}", "11".repeat(32));
    assert_eq!(
        audit(&path, &["--allow-simulated", "--measurement", &other])
            .status
            .code(),
        Some(3)
    );
}

#[test]
fn a_file_without_an_end_is_read_no_further_than_a_receipt_may_be() {
    let output = audit(Path::new("/dev/zero"), &["--json"]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(document(&output)["checks"][0]["name"], "encoding");
}

#[test]
fn a_reader_that_leaves_early_changes_no_exit_status() {
    let (_folder, file, _) = honest();
    for (options, status) in [(&[][..], 3), (&["--allow-simulated"][..], 0)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orv-audit"));
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        command.arg("receipt").arg(&file).args(options).stdout(writer);
        assert_eq!(command.status().unwrap().code(), Some(status), "{options:?}");
    }
}

#[test]
fn unreadable_files_and_wrong_usage_have_codes_of_their_own() {
    let missing = audit(Path::new("no/such/file.orv"), &["--json"]);
    assert_eq!(missing.status.code(), Some(1));
    assert_eq!(document(&missing)["code"], "ORV-A-001");
    assert_eq!(
        audit(Path::new("x.orv"), &["--measurement", "zz"]).status.code(),
        Some(2)
    );
    assert_eq!(audit(Path::new("x.orv"), &["--frobnicate"]).status.code(), Some(2));
}
