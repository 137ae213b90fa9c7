//! The house of ARCHITECTURE.md, proved from what cargo says: arrows point down, the enclave stays small, licences are
//! permissive, and nothing pulls a second general cryptography library.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Layers from the bottom up, by folder prefix. A crate may use its own layer only where [`PEERS`] says so, or below it.
const LAYERS: &[(&str, u8)] = &[
    ("contracts", 0),
    ("attestation/", 1),
    ("enclave/appliance", 4),
    ("enclave/", 2),
    ("host/cli", 4),
    ("host/", 3),
    ("images/", 4),
    ("tools/", 4),
    ("tests", 5),
];

/// Arrows inside one layer, named one by one.
const PEERS: &[(&str, &str)] = &[
    ("orv-simulator", "orv-evidence"),
    ("orv-verify", "orv-evidence"),
    ("orv-protocol", "orv-content"),
    ("orv-receipt", "orv-content"),
    ("orv-receipt", "orv-protocol"),
    ("orv-wire", "orv-content"),
    ("orv-wire", "orv-receipt"),
    ("orv-trial", "orv-content"),
    ("orv-trial", "orv-protocol"),
    ("orv-trial", "orv-receipt"),
    ("orv-trial", "orv-runner"),
    ("orv-attester", "orv-chain"),
    ("orv-attester", "orv-storage"),
    ("orv-storage", "orv-chain"),
    ("orv-creator", "orv-chain"),
    ("orv-creator", "orv-storage"),
    ("orv-miner", "orv-chain"),
    ("orv-miner", "orv-storage"),
    ("orv-verifier", "orv-attester"),
    ("orv-verifier", "orv-chain"),
    ("orv-verifier", "orv-storage"),
    ("orv", "orv-devnet"),
    ("orv-bench", "orv-devnet"),
];

/// Crates that no enclave may link: HTTP, TLS, chain clients, asynchronous runtimes, unmaintained or foreign parsers.
const NOT_IN_THE_ENCLAVE: &[&str] = &[
    "alloy",
    "alloy-provider",
    "alloy-rpc-client",
    "alloy-transport",
    "axum",
    "h2",
    "hyper",
    "mlua",
    "openssl",
    "openssl-sys",
    "reqwest",
    "revm",
    "rustls",
    "rustls-webpki",
    "serde_cbor",
    "sqlx",
    "tokio",
    "orv-simulator",
];

const LICENCES: &[&str] = &[
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "CC0-1.0",
    "0BSD",
    "Unlicense",
    "Unicode-3.0",
    "BlueOak-1.0.0",
    "BSL-1.0",
    "CDLA-Permissive-2.0",
];

/// Weaker copyleft, file by file, admitted by name and unmodified.
const NAMED_EXCEPTIONS: &[(&str, &str)] = &[
    // An SEV-SNP guest's calls: sev -> dirs -> option-ext.
    ("option-ext", "MPL-2.0"),
];

fn cargo(arguments: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "cargo {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn metadata() -> Value {
    serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--locked"])).unwrap()
}

/// Name -> (layer, direct dependencies that are not for tests only) of our own crates.
fn own_crates(metadata: &Value) -> BTreeMap<String, (u8, Vec<String>)> {
    let root = metadata["workspace_root"].as_str().unwrap();
    let members = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| package["source"].is_null());
    members
        .map(|package| {
            let manifest = package["manifest_path"].as_str().unwrap();
            let folder = manifest.strip_prefix(root).unwrap().trim_start_matches('/');
            let layer = LAYERS.iter().find(|(prefix, _)| folder.starts_with(prefix));
            let (_, layer) = layer.unwrap_or_else(|| panic!("{folder} has no layer: add it to LAYERS"));
            let dependencies = package["dependencies"].as_array().unwrap().iter();
            let dependencies = dependencies
                .filter(|dependency| dependency["kind"].as_str() != Some("dev") && dependency["path"].is_string())
                .map(|dependency| dependency["name"].as_str().unwrap().to_owned());
            (
                package["name"].as_str().unwrap().to_owned(),
                (*layer, dependencies.collect()),
            )
        })
        .collect()
}

#[test]
fn every_arrow_points_down_or_to_a_named_peer() {
    let crates = own_crates(&metadata());
    assert!(crates.len() > 20, "only {} crates were found", crates.len());
    for (name, (layer, dependencies)) in &crates {
        for dependency in dependencies {
            let (below, _) = crates[dependency];
            let peer = PEERS.contains(&(name.as_str(), dependency.as_str()));
            // Programs may use every library; nothing may use a program but through a named peer.
            assert!(
                below < *layer || peer,
                "{name} (layer {layer}) must not use {dependency} (layer {below})"
            );
        }
    }
}

#[test]
fn every_named_peer_is_a_real_arrow() {
    let crates = own_crates(&metadata());
    for (from, to) in PEERS {
        let (_, dependencies) = &crates[*from];
        assert!(
            dependencies.iter().any(|name| name == to),
            "{from} does not use {to}: remove it from PEERS"
        );
    }
}

#[test]
fn the_enclave_links_no_http_no_tls_no_chain_client_and_no_simulator() {
    let tree = cargo(&[
        "tree",
        "--locked",
        "-p",
        "orv-enclave",
        "-e",
        "normal,build",
        "--prefix",
        "none",
        "-f",
        "{lib}",
    ]);
    let linked: BTreeSet<_> = tree.lines().map(|line| line.trim().replace('_', "-")).collect();
    assert!(
        linked.contains("orv-runner") && linked.contains("k256"),
        "the tree was not read: {linked:?}"
    );
    for name in NOT_IN_THE_ENCLAVE {
        assert!(!linked.contains(&name.replace('_', "-")), "the enclave links {name}");
    }
}

/// `weakened` leaves out one protection of a run at a time: for the suite of hostile programs, and for nothing else.
#[test]
fn no_program_is_built_with_weakened_protections() {
    let tree = |packages: &[&str]| {
        let mut arguments = vec![
            "tree",
            "--locked",
            "-e",
            "features",
            "--prefix",
            "none",
            "-f",
            "{lib} {f}",
        ];
        arguments.extend(packages);
        cargo(&arguments)
    };
    // The whole workspace too: built together, one member's wish would be everybody's.
    for packages in [&["-p", "orv-enclave"][..], &["-p", "orv"], &["--workspace"]] {
        let built = tree(packages);
        assert!(built.contains("orv_runner"), "the tree was not read: {built}");
        let weakened: Vec<_> = built.lines().filter(|line| line.contains("weakened")).collect();
        assert!(weakened.is_empty(), "{packages:?} is built with {weakened:?}");
    }
    let metadata = metadata();
    for package in metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| package["source"].is_null())
    {
        let default = package["features"]["default"].to_string();
        assert!(
            !default.contains("weakened"),
            "{} is weakened by default",
            package["name"]
        );
    }
}

#[test]
fn every_licence_is_permissive() {
    // The tree holds what is built; the lock file also names what an unused feature would bring.
    let tree = cargo(&[
        "tree",
        "--locked",
        "--workspace",
        "--all-features",
        "--prefix",
        "none",
        "-f",
        "{p}\t{l}",
    ]);
    let mut seen = 0;
    for line in tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .filter(|line| !line.is_empty())
    {
        let (name, expression) = line.split_once('\t').unwrap_or((line, ""));
        let package = name.split_whitespace().next().unwrap_or_default();
        let exception = NAMED_EXCEPTIONS.contains(&(package, expression));
        assert!(permissive(expression) || exception, "{name} has licence {expression:?}");
        seen += 1;
    }
    assert!(seen > 200, "only {seen} crates were seen");
}

/// Whether one alternative of every conjunction is on the list. Parentheses are read as "all of what is inside".
fn permissive(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let allowed = |name: &str| LICENCES.contains(&name.trim().trim_matches(['(', ')']));
    !expression.is_empty() && expression.split(" AND ").all(|part| part.split(" OR ").any(allowed))
}

#[test]
fn the_licence_check_can_fail() {
    assert!(permissive("MIT OR Apache-2.0") && permissive("(MIT OR Apache-2.0) AND Unicode-3.0"));
    assert!(!permissive("AGPL-3.0-or-later") && !permissive("MIT AND GPL-2.0") && !permissive(""));
}

#[test]
fn one_general_cryptography_library_and_no_openssl() {
    let names: BTreeSet<_> = metadata()["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| package["name"].as_str().unwrap().to_owned())
        .collect();
    for banned in [
        "openssl",
        "openssl-sys",
        "native-tls",
        "aws-lc-rs",
        "aws-lc-sys",
        "serde_cbor",
        "tdx-quote",
    ] {
        assert!(!names.contains(banned), "{banned} is in the lock file");
    }
}

#[test]
fn a_direct_dependency_has_one_version_in_the_whole_workspace() {
    let metadata = metadata();
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let own = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| package["source"].is_null());
    for dependency in own.flat_map(|package| package["dependencies"].as_array().unwrap()) {
        if dependency["path"].is_null() {
            let (name, version) = (&dependency["name"], &dependency["req"]);
            let versions = seen.entry(name.as_str().unwrap().to_owned()).or_default();
            versions.insert(version.as_str().unwrap().to_owned());
        }
    }
    for (name, versions) in seen {
        assert_eq!(versions.len(), 1, "{name} is asked for in {versions:?}");
    }
}

#[test]
fn every_error_code_in_the_sources_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let documented =
        ["docs/errors.md", "host/cli/ERRORS.md"].map(|path| std::fs::read_to_string(root.join(path)).unwrap());
    let mut codes = BTreeSet::new();
    for folder in ["enclave", "host", "tools", "attestation"] {
        collect_codes(&root.join(folder), &mut codes);
    }
    assert!(codes.len() > 50, "only {} codes were found", codes.len());
    for code in codes {
        assert!(
            documented.iter().any(|text| text.contains(&format!("`{code}`"))),
            "{code} is not documented"
        );
    }
}

/// Codes such as ORV-V-012 in the sources below a folder.
fn collect_codes(folder: &Path, codes: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_codes(&path, codes);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for (start, _) in text.match_indices("\"ORV-") {
                let code: String = text[start + 1..].chars().take(9).collect();
                if code.chars().skip(6).all(|letter| letter.is_ascii_digit()) {
                    codes.insert(code);
                }
            }
        }
    }
}
