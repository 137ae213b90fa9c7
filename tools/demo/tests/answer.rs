//! What the demo says when it cannot begin, and to whom.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::fs;
use std::process::Command;
use tempfile::TempDir;

/// A demo that stops at once: the example is not in that folder.
fn stopped() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orv-demo"));
    command.arg("--json").current_dir("/");
    command
}

/// A folder with all that is looked for before anything is started.
fn place() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("images/example")).unwrap();
    let interpreter = folder
        .path()
        .join("target/static/x86_64-unknown-linux-gnu/reproducible");
    fs::create_dir_all(&interpreter).unwrap();
    fs::write(interpreter.join("lua"), b"").unwrap();
    folder
}

#[test]
fn what_would_stop_it_later_is_said_before_anything_is_started() {
    let place = place();
    fs::create_dir_all(place.path().join("kept/verifier")).unwrap();
    for (option, value) in [("--patch", "nothing.patch"), ("--keep", "kept")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orv-demo"));
        let output = command
            .args([option, value])
            .current_dir(place.path())
            .output()
            .unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(words.lines().count() == 1 && words.contains(value), "{words}");
    }
}

#[test]
fn a_demo_that_stops_says_why_in_one_document() {
    let output = stopped().output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(
        words.starts_with("ORV-D-001 ") && words.contains("images/example"),
        "{words}"
    );
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{document}");
    assert_eq!(
        (document["schema"].as_str(), document["code"].as_str()),
        (Some("orv.demo/1"), Some("ORV-D-001"))
    );
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = stopped();
    let ended = command.stdout(writer.try_clone().unwrap()).stderr(writer).status();
    // A panic would end with 101.
    assert_eq!(ended.unwrap().code(), Some(1));
}
