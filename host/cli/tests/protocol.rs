//! `orv protocol check`: all problems, in both forms, with the exit status that says so.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod orv;

use orv::Home;
use serde_json::json;

const EXAMPLE: &str = include_str!("../../../images/example/project/protocol.json");
const MANIFEST: &str = include_str!("../../../images/example/project/benchmark/openresearch.json");

fn home(protocol: &str) -> Home {
    let home = Home::new();
    std::fs::write(home.path("protocol.json"), protocol).unwrap();
    std::fs::write(home.path("openresearch.json"), MANIFEST).unwrap();
    home
}

#[test]
fn a_good_protocol_exits_0_and_its_warnings_depend_on_the_manifest() {
    let home = home(EXAMPLE);
    let alone = home.json(&["protocol", "check", "protocol.json"]);
    assert_eq!(alone.status, 0, "{}", alone.stderr);
    let document = alone.document();
    assert_eq!(
        (&document["schema"], &document["valid"]),
        (&json!("orv.protocol-check/1"), &json!(true))
    );
    let text = document["warnings"].to_string();
    assert!(
        text.contains("no image is pinned") && text.contains("without a judge"),
        "{text}"
    );
    let split = home.json(&["protocol", "check", "protocol.json", "--manifest", "openresearch.json"]);
    let text = split.document()["warnings"].to_string();
    assert!(
        !text.contains("no image is pinned") && !text.contains("without a judge"),
        "{text}"
    );
}

#[test]
fn the_manifest_of_a_project_folder_is_found() {
    let home = home(EXAMPLE);
    std::fs::create_dir(home.path("benchmark")).unwrap();
    std::fs::rename(home.path("openresearch.json"), home.path("benchmark/openresearch.json")).unwrap();
    let document = home.json(&["protocol", "check", "protocol.json"]).document();
    assert_eq!(document["manifest"], "benchmark/openresearch.json");
    assert!(!document["warnings"].to_string().contains("without a judge"));
}

#[test]
fn every_problem_is_told_with_exit_3() {
    let broken = EXAMPLE
        .replace("\"minimize\"", "\"lower\"")
        .replace("\"safety\"", "\"safty\"")
        .replace("^BASELINE_METRIC=([0-9]+)$", "\\u001b(?=x)");
    let home = home(&broken);
    let run = home.json(&["protocol", "check", "protocol.json"]);
    assert_eq!(run.status, 3);
    let document = run.document();
    assert_eq!(
        (&document["valid"], &document["code"]),
        (&json!(false), &json!("ORV-C-056"))
    );
    let paths: Vec<&str> = document["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["path"].as_str().unwrap())
        .collect();
    let expected = [
        "measurement.primaryMetric.direction",
        "measurement.primaryMetric.extract.pattern",
        "safety",
        "safty",
    ];
    assert_eq!(paths, expected);
    let text = home.text(&["protocol", "check", "protocol.json"]);
    assert_eq!(text.status, 3);
    assert!(
        text.stdout.contains("ORV-C-056: the protocol has 4 problems"),
        "{}",
        text.stdout
    );
    assert!(!text.stdout.contains('\u{1b}'));
}

#[test]
fn a_missing_file_and_a_broken_manifest_have_codes_of_their_own() {
    let home = home(EXAMPLE);
    home.json(&["protocol", "check", "nowhere.json"])
        .assert_failed(1, "ORV-C-005");
    std::fs::write(home.path("openresearch.json"), "{}").unwrap();
    home.json(&["protocol", "check", "protocol.json", "--manifest", "openresearch.json"])
        .assert_failed(3, "ORV-C-056");
}
