//! The demo does what it says: real programs, real verdicts, receipts that hold and that notice every change.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A program beside this test, built by `./dev build`.
fn program(name: &str) -> PathBuf {
    let path = std::env::current_exe()
        .unwrap()
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join(name);
    assert!(path.is_file(), "{} is missing: run ./dev build", path.display());
    path
}

fn demo(keep: &Path, options: &[&str]) -> Value {
    let output = Command::new(program("orv-demo"))
        .args(["--json", "--keep", keep.to_str().unwrap()])
        .args(options)
        .current_dir(root())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let notes = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}\n{notes}");
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

fn audit(receipt: &Path, options: &[&str]) -> Output {
    Command::new(program("orv-audit"))
        .arg("receipt")
        .arg(receipt)
        .args(options)
        .output()
        .unwrap()
}

/// Proposal id -> (verdict, reason, verified score).
fn verdicts(document: &Value) -> BTreeMap<String, (String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = document["proposals"].as_array().unwrap().iter();
    rows.map(|row| {
        (
            text(&row["id"]),
            (
                text(&row["verdict"]),
                text(&row["reason"]),
                text(&row["verified_score"]),
            ),
        )
    })
    .collect()
}

#[test]
fn the_same_proposals_get_the_same_verdicts_again_and_every_receipt_holds() {
    let folder = tempfile::tempdir().unwrap();
    let first = demo(&folder.path().join("first"), &[]);
    let second = demo(&folder.path().join("second"), &[]);
    assert_eq!(first["schema"], "orv.demo/1");
    assert_eq!(verdicts(&first), verdicts(&second));
    let kinds: Vec<_> = verdicts(&first).into_values().map(|(verdict, ..)| verdict).collect();
    for kind in ["approve", "reject", "inconclusive"] {
        assert!(kinds.iter().any(|verdict| verdict == kind), "no {kind} among {kinds:?}");
    }
    for row in first["proposals"].as_array().unwrap() {
        for field in ["claimed_score", "settle_tx", "receipt", "bundle_root"] {
            assert!(row[field].is_string(), "{field} of {row}");
        }
        assert!(row["gas_used"].as_u64().unwrap() > 0);
        let receipt = Path::new(row["receipt"].as_str().unwrap());
        assert!(receipt.is_absolute());
        let output = audit(receipt, &["--allow-simulated"]);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
        assert_eq!(
            audit(receipt, &[]).status.code(),
            Some(3),
            "a simulated receipt passed unasked"
        );
    }
}

#[test]
fn flipping_any_of_two_hundred_random_bytes_of_a_receipt_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let document = demo(&folder.path().join("demo"), &[]);
    let receipts: Vec<PathBuf> = document["proposals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| PathBuf::from(row["receipt"].as_str().unwrap()))
        .collect();
    let mut random = Random(0x6f72_7621);
    let changed = folder.path().join("changed.orv");
    for flip in 0..200 {
        let receipt = &receipts[flip % receipts.len()];
        let mut bytes = std::fs::read(receipt).unwrap();
        let index = random.below(bytes.len());
        bytes[index] ^= 1 << random.below(8);
        std::fs::write(&changed, &bytes).unwrap();
        let output = audit(&changed, &["--allow-simulated", "--json"]);
        assert_eq!(output.status.code(), Some(3), "byte {index} of {}", receipt.display());
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let named = answer["checks"]
            .as_array()
            .unwrap()
            .iter()
            .any(|check| check["result"] == "fail");
        assert!(named, "no check is named for byte {index} of {}", receipt.display());
    }
}

#[test]
fn a_patch_that_the_demo_has_never_seen_is_judged_by_what_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let repository = std::fs::read_to_string(root().join("images/example/project/repository/pack.lua")).unwrap();
    let better = std::fs::read_to_string(root().join("images/example/proposals/improvement/pack.lua")).unwrap();
    // The same program under a number that is new each time: nothing can know this patch.
    let comment = format!("-- drawn {}\n", std::process::id());
    let patch = folder.path().join("drawn.patch");
    std::fs::write(&patch, whole_file_patch(&repository, &format!("{comment}{better}"))).unwrap();
    let document = demo(&folder.path().join("demo"), &["--patch", patch.to_str().unwrap()]);
    let row = document["proposals"].as_array().unwrap().last().unwrap().clone();
    // It comes after a better one, so it is measured truly and improves on nothing.
    assert_eq!(
        (row["verified_score"].as_str(), row["verdict"].as_str()),
        (Some("-960"), Some("reject")),
        "{row}"
    );
}

/// A patch that replaces the whole file.
fn whole_file_patch(old: &str, new: &str) -> String {
    let lines = |text: &str, mark: char| text.lines().map(|line| format!("{mark}{line}\n")).collect::<String>();
    format!(
        "--- a/pack.lua\n+++ b/pack.lua\n@@ -1,{} +1,{} @@\n{}{}",
        old.lines().count(),
        new.lines().count(),
        lines(old, '-'),
        lines(new, '+')
    )
}

/// A small generator (splitmix64), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}
