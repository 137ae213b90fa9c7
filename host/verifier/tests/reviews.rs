//! `reviews.jsonl`: each line has the shape that upstream's tools read (openresearch.md 6.5), and no other.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod clinic;

use clinic::fake::Script;
use clinic::{Clinic, submit};
use orv_chain::primitives::{B256, I256};
use orv_verifier::{Daemon, Silent};
use serde_json::{Map, Value, json};
use std::fs;
use std::sync::Arc;

/// Keys that every line has.
const REQUIRED: [&str; 9] = [
    "schemaVersion",
    "review_id",
    "utc_timestamp",
    "proposal_id",
    "project_id",
    "result",
    "reason_code",
    "stdout_log_path",
    "error",
];

/// Keys that it may have; upstream's schema forbids all others.
const OPTIONAL: [&str; 6] = [
    "code_hash",
    "benchmark_log_hash_ok",
    "protocol_hash_ok",
    "claimed_aggregate_score",
    "verified_aggregate_score",
    "transaction_hashes",
];

/// What is wrong with a line, if anything.
fn fault(line: &str) -> Option<String> {
    let row: Map<String, Value> = serde_json::from_str(line).ok()?;
    fault_of_keys(&row).or_else(|| fault_of_values(&row))
}

/// All that are required, none that is forbidden, in order.
fn fault_of_keys(row: &Map<String, Value>) -> Option<String> {
    let keys: Vec<&str> = row.keys().map(String::as_str).collect();
    if let Some(missing) = REQUIRED.iter().find(|key| !keys.contains(key)) {
        return Some(format!("{missing} is missing"));
    }
    if let Some(strange) = keys
        .iter()
        .find(|key| !REQUIRED.contains(key) && !OPTIONAL.contains(key))
    {
        return Some(format!("{strange} is forbidden"));
    }
    (!keys.is_sorted()).then(|| "key order is wrong".to_owned())
}

fn fault_of_values(row: &Map<String, Value>) -> Option<String> {
    let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or("\u{0}").to_owned();
    let results = ["skipped", "approved", "rejected", "operational_failure"];
    let decimal = |value: &Value| {
        let text = value.as_str();
        text.is_some_and(|text| text.parse::<I256>().is_ok() && !text.starts_with('+'))
    };
    let hash = |value: &Value| value.as_str().is_some_and(|hash| hash.len() == 66);
    let mut scores = OPTIONAL[3..5].iter();
    let checks = [
        ("schemaVersion", text("schemaVersion") == "1"),
        ("review_id", is_review_of(&text("review_id"), &row["proposal_id"])),
        ("utc_timestamp", is_a_moment(&text("utc_timestamp"))),
        ("proposal_id", row["proposal_id"].is_u64()),
        ("project_id", row["project_id"].is_u64()),
        ("result", results.contains(&text("result").as_str())),
        ("reason_code", row["reason_code"].is_string()),
        ("stdout_log_path", row["stdout_log_path"].is_string()),
        ("error", row["error"].is_string()),
        ("scores", scores.all(|key| row.get(*key).is_none_or(decimal))),
        ("code_hash", row.get("code_hash").is_none_or(hash)),
        (
            "transaction_hashes",
            row.get("transaction_hashes").is_none_or(are_hashes),
        ),
    ];
    let wrong = checks.into_iter().find(|(_, holds)| !holds);
    wrong.map(|(name, _)| format!("{name} is wrong"))
}

/// `p<proposal>-` and eight hexadecimal digits.
fn is_review_of(id: &str, proposal: &Value) -> bool {
    let tag = id.strip_prefix(&format!("p{proposal}-")).unwrap_or_default();
    tag.len() == 8 && tag.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn are_hashes(value: &Value) -> bool {
    let hashes = value.as_array();
    hashes.is_some_and(|hashes| {
        hashes
            .iter()
            .all(|hash| hash.as_str().is_some_and(|hash| hash.parse::<B256>().is_ok()))
    })
}

/// `YYYY-MM-DDTHH:MM:SSZ`.
fn is_a_moment(text: &str) -> bool {
    let pattern = "dddd-dd-ddTdd:dd:ddZ";
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(byte, like)| {
            if like == b'd' {
                byte.is_ascii_digit()
            } else {
                byte == like
            }
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_ended_attempt_leaves_one_line_in_upstreams_shape() {
    for (script, result) in [
        (Script::MissingBytes, "skipped"),
        (Script::Improvement, "approved"),
        (Script::NoImprovement, "rejected"),
    ] {
        let clinic = Clinic::with(script).await;
        submit(&clinic).await;
        let summary = Daemon::once(clinic.config(), Arc::new(Silent)).await.unwrap();
        assert!(summary.failures.is_empty(), "{summary:?}");
        let reviews = fs::read_to_string(clinic.at("data/reviews.jsonl")).unwrap();
        let lines: Vec<&str> = reviews.lines().collect();
        assert_eq!(lines.len(), 1, "{reviews}");
        assert_eq!(fault(lines[0]), None, "{reviews}");
        let row: Value = serde_json::from_str(lines[0]).unwrap();
        assert_eq!(row["result"], json!(result));
    }
}

#[test]
fn a_line_in_another_shape_is_found_out() {
    let good = json!({
        "schemaVersion": "1", "review_id": "p4-0123abcd", "utc_timestamp": "2026-01-02T03:04:05Z", "proposal_id": 4,
        "project_id": 0, "result": "approved", "reason_code": "improved", "stdout_log_path": "a", "error": "",
    });
    assert_eq!(fault(&good.to_string()), None);
    for (key, value) in [
        ("result", json!("released")),
        ("review_id", json!("p5-0123abcd")),
        ("proposal_id", json!("4")),
        ("utc_timestamp", json!("2026-01-02 03:04:05")),
        ("claimed_aggregate_score", json!(-90)),
        ("gas_used", json!(1)),
    ] {
        let mut bad = good.clone();
        bad[key] = value;
        assert!(fault(&bad.to_string()).is_some(), "{key}");
    }
}
