//! `orv storage` as users run it: against the published roots, and on networks with several nodes, whole and broken.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod orv;

use std::path::{Path, PathBuf};

use orv::{Devnet, Home, workspace};
use serde_json::{Value, json};

/// The published vectors, where they are.
fn vectors() -> Option<Vec<Value>> {
    let folder = std::env::var_os("ORV_VECTORS").map_or_else(|| workspace().join("../shared/vectors"), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join("0g/roots.json")) else {
        eprintln!("NOT CHECKED against the published roots: none in {}", folder.display());
        return None;
    };
    let document: Value = serde_json::from_str(&text).unwrap();
    Some(document["vectors"].as_array().unwrap().clone())
}

fn content(size: u64) -> Vec<u8> {
    let table: Vec<u8> = (0..251_u64)
        .map(|position| ((31 * position * position + 7 * position + size) % 251) as u8)
        .collect();
    let mut bytes = table.repeat(size as usize / 251 + 1);
    bytes.truncate(size as usize);
    bytes
}

fn words(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_root_of_a_file_is_the_published_one() {
    let home = Home::new();
    let file = home.path("content");
    for vector in vectors().unwrap_or_default() {
        let size = vector["size"].as_u64().unwrap();
        std::fs::write(&file, content(size)).unwrap();
        let run = home.json(&["storage", "root", words(&file)]);
        if size == 0 {
            run.assert_failed(1, "ORV-C-005");
            continue;
        }
        let expected = json!({
            "schema": "orv.content/1",
            "root": vector["root"],
            "size": size,
            "segments": vector["segments"],
        });
        assert_eq!(run.succeeded(), expected);
        assert_eq!(run.stdout.lines().count(), 1);
    }
}

#[test]
fn a_file_is_what_its_root_or_its_sha256_names_or_the_exit_status_says_so() {
    let home = Home::new();
    std::fs::write(home.path("hello"), "hello\n").unwrap();
    let root = "0xc582bf8f675711ba90d82fd28c290a7e6d942ec247b2ed92175bd220d4449abc";
    let sha256 = "0x5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    let verified = home
        .json(&["storage", "verify", "hello", root, "--size", "6"])
        .succeeded();
    assert_eq!(
        (&verified["matched"], &verified["size_checked"]),
        (&json!("root"), &json!(true))
    );
    std::fs::write(home.path("padded"), "hello\n\0\0").unwrap();
    let padded = home.json(&["storage", "verify", "padded", root]).succeeded();
    assert_eq!((&padded["size"], &padded["size_checked"]), (&json!(8), &json!(false)));
    let verified = home.json(&["storage", "verify", "hello", sha256]).succeeded();
    assert_eq!(verified["matched"], "sha256");
    let longer = home.json(&["storage", "verify", "hello", root, "--size", "7"]);
    longer.assert_failed(3, "ORV-C-042");
    std::fs::write(home.path("hello"), "Hello\n").unwrap();
    home.json(&["storage", "verify", "hello", root])
        .assert_failed(3, "ORV-C-042");
}

#[test]
fn content_goes_to_several_nodes_and_comes_back_by_root_and_by_number() {
    let devnet = Devnet::start_with(&["--storage-shards", "2"]);
    let home = Home::new().on(&devnet).with_wallet();
    let file = home.path("content");
    std::fs::write(&file, content(1_000_000)).unwrap();
    let put = home.json(&["storage", "put", words(&file)]).succeeded();
    assert_eq!((&put["size"], &put["sequence"]), (&json!(1_000_000), &json!(0)));
    let again = home.json(&["storage", "put", words(&file)]).succeeded();
    assert_eq!(again["transaction"], Value::Null, "paid for twice");

    let root = put["root"].as_str().unwrap();
    let info = home.json(&["storage", "info", root]).succeeded();
    let nodes = info["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 2);
    assert!(nodes.iter().all(|node| node["file"]["finalized"] == true), "{info}");

    let elsewhere = Home::new().on(&devnet);
    for (name, id) in [("by-root", root), ("by-number", "0")] {
        let out = elsewhere.path(name);
        let got = elsewhere
            .json(&["storage", "get", id, "--out", words(&out)])
            .succeeded();
        assert_eq!(got["root"], put["root"]);
        assert_eq!(std::fs::read(out).unwrap(), content(1_000_000));
    }
    let short = elsewhere.json(&["storage", "get", root, "--out", "short", "--size", "999999"]);
    assert_ne!(short.status, 0);
    assert!(!elsewhere.path("short").exists());
}

#[test]
fn a_network_that_spoils_everything_gives_nothing() {
    for fault in ["flip", "truncate"] {
        let devnet = Devnet::start_with(&["--fault", fault]);
        let home = Home::new().on(&devnet).with_wallet();
        let file = home.path("content");
        std::fs::write(&file, content(300_000)).unwrap();
        // It takes everything, and says so; what it gives back shows the lie.
        let put = home.json(&["storage", "put", words(&file)]);
        put.assert_failed(1, "ORV-C-041");
        let own = home.json(&["storage", "root", words(&file)]).succeeded();
        let root = own["root"].as_str().unwrap();
        let elsewhere = Home::new().on(&devnet);
        let info = elsewhere.json(&["storage", "info", root]).succeeded();
        assert_eq!(info["nodes"][0]["file"]["finalized"], true);
        let got = elsewhere.json(&["storage", "get", root, "--out", "out"]);
        got.assert_failed(5, "ORV-C-040");
        assert!(!elsewhere.path("out").exists());
    }
}

#[test]
fn a_fault_of_a_node_that_is_not_there_is_a_mistake() {
    let home = Home::new();
    let run = home.json(&["devnet", "--rpc-port", "0", "--storage-port", "0", "--fault", "1:flip"]);
    run.assert_failed(2, "ORV-C-001");
    let run = home.json(&["devnet", "--rpc-port", "0", "--storage-port", "0", "--fault", "flop"]);
    run.assert_failed(2, "ORV-C-001");
}
