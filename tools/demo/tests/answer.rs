//! What the demo says when it cannot begin, and to whom.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::process::Command;

/// A demo that stops at once: nobody can make a folder there.
fn stopped() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orv-demo"));
    command.args(["--json", "--keep", "/proc/nothing"]);
    command
}

#[test]
fn a_demo_that_stops_says_why_in_one_document() {
    let output = stopped().output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(
        words.starts_with("ORV-D-001 ") && words.contains("/proc/nothing"),
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
