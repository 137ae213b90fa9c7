//! What strangers may hand an auditor: folders full of traps, names and words that want to be more than text, and
//! files that are something else.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../../../enclave/receipt/tests/sample/mod.rs"]
mod sample;

use serde_json::Value;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// More than any machine's memory; no disk holds it either.
const HUGE: u64 = 1 << 40;

fn audit(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_orv-audit"))
        .args(arguments)
        .output()
        .unwrap()
}

/// The one document of a run with `--json`, in printable ASCII, and the exit code.
fn document(arguments: &[&str]) -> (Option<i32>, Value) {
    let output = audit(&[arguments, &["--json"]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.strip_suffix('\n').unwrap();
    assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{text:?}");
    (output.status.code(), serde_json::from_str(line).unwrap())
}

fn receipt(folder: &Path) -> PathBuf {
    let path = folder.join("receipt.orv");
    fs::write(&path, sample::receipt_of(&sample::bundle()).encode()).unwrap();
    path
}

/// A folder of what is no file, never ends, leads nowhere, or is longer than anybody's memory.
fn traps() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let made = Command::new("mkfifo").arg(at("pipe")).status().unwrap();
    assert!(made.success());
    symlink(at("pipe"), at("leads-to-the-pipe")).unwrap();
    symlink("/dev/zero", at("never-ends")).unwrap();
    symlink(at("loop"), at("loop")).unwrap();
    symlink(at("nowhere"), at("dangles")).unwrap();
    symlink("..", at("up")).unwrap();
    fs::create_dir(at("folder")).unwrap();
    File::create(at("huge")).unwrap().set_len(HUGE).unwrap();
    fs::write(at("empty"), b"").unwrap();
    folder
}

#[test]
fn a_folder_of_traps_neither_hangs_nor_hides_what_else_is_there() {
    let (folder, traps) = (tempfile::tempdir().unwrap(), traps());
    let (receipt, traps) = (receipt(folder.path()), traps.path().to_str().unwrap().to_owned());
    let receipt = receipt.to_str().unwrap();
    let (status, judged) = document(&["receipt", receipt, "--allow-simulated", "--collateral", &traps]);
    assert_eq!(status, Some(0), "{judged}");
    let (status, replayed) = document(&["replay", receipt, "--from", &traps]);
    assert_eq!(
        (status, replayed["code"].as_str()),
        (Some(5), Some("ORV-A-011")),
        "{replayed}"
    );
    for named in ["pipe", "huge"] {
        let (status, replayed) = document(&["replay", receipt, "--from", &format!("{traps}/{named}")]);
        assert_eq!(
            (status, replayed["code"].as_str()),
            (Some(3), Some("ORV-A-004")),
            "{replayed}"
        );
    }
}

#[test]
fn what_is_audited_may_be_endless_without_filling_the_memory() {
    let traps = traps();
    for (command, file) in [
        ("receipt", "huge"),
        ("evidence", "huge"),
        ("explain", "huge"),
        ("replay", "huge"),
    ] {
        let path = traps.path().join(file);
        assert_eq!(document(&[command, path.to_str().unwrap()]).0, Some(3), "{command}");
        assert_eq!(document(&[command, "/dev/zero"]).0, Some(3), "{command}");
        assert_eq!(document(&[command, "/dev/null"]).0, Some(3), "{command}");
        assert_eq!(document(&[command, "/"]).0, Some(1), "{command}");
    }
}

#[test]
fn one_document_is_told_for_each_kind_of_file_in_each_place() {
    let folder = tempfile::tempdir().unwrap();
    let receipt = receipt(folder.path());
    let envelope = folder.path().join("envelope");
    fs::write(&envelope, sample::receipt_of(&sample::bundle()).envelope).unwrap();
    let (receipt, envelope) = (receipt.to_str().unwrap(), envelope.to_str().unwrap());
    // A receipt's evidence is judged at the time that it names; evidence by itself, now.
    for command in ["receipt", "evidence", "explain"] {
        let (status, told) = document(&[command, receipt, "--allow-simulated"]);
        assert_eq!(status, Some(0), "{told}");
    }
    assert_eq!(document(&["evidence", envelope, "--allow-simulated"]).0, Some(3));
    for command in ["receipt", "replay"] {
        assert_eq!(document(&[command, envelope]).0, Some(3), "{command}");
    }
    assert_eq!(
        document(&[
            "measure",
            receipt,
            "--platform",
            "snp",
            "--vcpus",
            "1",
            "--processor",
            "EPYC-Milan"
        ])
        .0,
        Some(3)
    );
    assert_eq!(
        document(&["receipt", receipt, "--policy", receipt]).1["code"],
        "ORV-A-004"
    );
    assert_eq!(
        document(&["receipt", receipt, "--collateral", receipt]).1["code"],
        "ORV-A-004"
    );
    assert_eq!(document(&["registry", "--deployment", receipt]).1["code"], "ORV-A-004");
}

#[test]
fn a_refusal_shows_the_beginning_of_what_was_refused_on_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let receipt = receipt(folder.path());
    let policy = folder.path().join("policy.toml");
    fs::write(&policy, format!("a =\n{}", "[".repeat(1_000_000))).unwrap();
    let arguments = [
        "receipt",
        receipt.to_str().unwrap(),
        "--policy",
        policy.to_str().unwrap(),
    ];
    let (status, told) = document(&arguments);
    let error = told["error"].as_str().unwrap();
    assert_eq!(status, Some(3));
    assert!(error.len() <= 1024 && !error.contains('\n'), "{error}");
    let output = audit(&arguments);
    assert_eq!(output.stderr.iter().filter(|byte| **byte == b'\n').count(), 1);
    assert!(output.stderr.len() < 1300, "{}", output.stderr.len());
}

#[test]
fn a_wrong_command_line_is_a_document_too() {
    for arguments in [
        &["receipt"] as &[&str],
        &["receipt", "x", "--at", "yester\u{1b}[2Jday"],
        &["frobnicate"],
        &["registry"],
        &["registry", "--deployment", "x", "--rpc", "ftp://host"],
        &["replay", "x", "--indexer", "no address"],
        &["measure", "/dev/null"],
    ] {
        let (status, told) = document(arguments);
        assert_eq!((status, told["code"].as_str()), (Some(2), Some("ORV-A-014")), "{told}");
    }
    assert_eq!(audit(&["--help", "--json"]).status.code(), Some(0));
}

#[test]
fn every_command_teaches_itself() {
    for command in ["receipt", "evidence", "explain", "replay", "registry", "measure"] {
        let output = audit(&[command, "--help"]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(
            text.contains("Exit codes: 0") && text.contains(&format!("orv-audit {command} ")),
            "{text}"
        );
    }
}

/// Nothing that a terminal obeys, nor anything that turns the direction of reading.
fn is_plain(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.chars()
        .all(|letter| letter == '\n' || (' '..='~').contains(&letter))
}

#[test]
fn names_and_words_of_others_stay_text() {
    let folder = tempfile::tempdir().unwrap();
    let receipt = receipt(folder.path());
    let receipt = receipt.to_str().unwrap();
    let absent = "/nowhere/\u{1b}]0;title\u{7}\u{1b}[2J\nORV VERIFIED\u{202e}";
    for command in ["receipt", "evidence", "explain", "replay", "measure"] {
        let output = audit(&[command, absent]);
        assert_eq!(output.status.code(), Some(1), "{command}");
        assert!(is_plain(&output.stderr) && output.stderr.ends_with(b"\n"), "{command}");
        assert_eq!(
            output.stderr.iter().filter(|byte| **byte == b'\n').count(),
            1,
            "{command}"
        );
        assert_eq!(document(&[command, absent]).0, Some(1));
    }
    let policy = folder.path().join("policy.toml");
    let name = r"<img src=x onerror=alert(1)>\u001b[2J\u202e";
    let id = "17".repeat(32);
    fs::write(
        &policy,
        format!("[[measurements]]\nname = \"{name}\"\nid = \"0x{id}\"\n"),
    )
    .unwrap();
    let page = folder.path().join("page.html");
    for command in ["receipt", "evidence", "explain"] {
        let arguments = [
            command,
            receipt,
            "--allow-simulated",
            "--at",
            "2026-09-21T14:14:10Z",
            "--policy",
            policy.to_str().unwrap(),
            "--html",
            page.to_str().unwrap(),
        ];
        let output = audit(&arguments);
        assert_eq!(output.status.code(), Some(3));
        assert!(is_plain(&output.stdout), "{command}");
        let html = fs::read_to_string(&page).unwrap();
        assert!(!html.contains("<img") && is_plain(html.as_bytes()), "{command}");
        document(&arguments);
    }
}

#[test]
fn a_page_that_cannot_be_written_is_said_in_the_form_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let receipt = receipt(folder.path());
    let (status, told) = document(&["receipt", receipt.to_str().unwrap(), "--html", "/nowhere/page.html"]);
    assert_eq!((status, told["code"].as_str()), (Some(1), Some("ORV-A-002")), "{told}");
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let folder = tempfile::tempdir().unwrap();
    let receipt = receipt(folder.path());
    let receipt = receipt.to_str().unwrap();
    for (arguments, status) in [
        (&["--help"][..], 0),
        (&["receipt", receipt, "--allow-simulated"], 0),
        (&["receipt", receipt, "--allow-simulated", "--json"], 0),
        (&["receipt", "nowhere.orv"], 1),
        (&["receipt", "nowhere.orv", "--json"], 1),
        (&["receipt"], 2),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_orv-audit"));
        command
            .args(arguments)
            .stdout(writer.try_clone().unwrap())
            .stderr(writer);
        assert_eq!(command.status().unwrap().code(), Some(status), "{arguments:?}");
    }
}

#[test]
fn help_has_no_broken_line_and_examples_that_can_be_copied() {
    for command in ["receipt", "evidence", "explain", "replay", "registry", "measure"] {
        let help = String::from_utf8(audit(&[command, "--help"]).stdout).unwrap();
        let (_, after) = help.split_once("Print help").unwrap();
        let (before, examples) = after.split_once("Examples:\n").unwrap();
        for line in examples.lines().take_while(|line| !line.is_empty()) {
            assert!(
                line.starts_with("  ") && line.chars().count() <= 92,
                "{command}: {line}"
            );
        }
        let closing = examples.split_once("\n\n").unwrap().1;
        // A paragraph is broken by the terminal's width alone: only its last line may be short.
        for paragraph in [before, closing].iter().flat_map(|text| text.split("\n\n")) {
            let lines: Vec<&str> = paragraph.trim().lines().collect();
            let is_text = lines.iter().all(|line| !line.starts_with(' '));
            let (_, full) = lines.split_last().unwrap_or((&"", &[]));
            let is_whole = full.iter().all(|line| line.chars().count() > 75);
            assert!(is_whole || !is_text, "{command}: {lines:?}");
        }
    }
}
