//! Evidence as an auditor hands it in: the published vectors, file by file, and what is simulated.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use orv_evidence::{Binding, Collector, Envelope, KeyOrigin, Platform, UnixTime, VERDICT_KEY};
use orv_simulator::{Measured, SimulatedNitro};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The folder of real evidence, or a loud word that nothing is tested.
fn vectors() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let folder = std::env::var_os("ORV_VECTORS")
        .map_or(beside, PathBuf::from)
        .join("attestation");
    if folder.join("expected.json").is_file() {
        return Some(folder);
    }
    eprintln!("NOT TESTED: {} holds no vectors; set ORV_VECTORS", folder.display());
    None
}

fn audit(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_orv-audit"))
        .args(arguments)
        .output()
        .unwrap()
}

/// What `evidence --json` says: authentic, acceptable, the whole document.
fn judged(file: &Path, at: &str, collateral: Option<&Path>) -> (bool, bool, Value) {
    let mut arguments = vec!["evidence", file.to_str().unwrap(), "--at", at, "--json"];
    if let Some(path) = collateral {
        arguments.extend(["--collateral", path.to_str().unwrap()]);
    }
    let output = audit(&arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    let document: Value = serde_json::from_str(&text).unwrap();
    let (authentic, acceptable) = (&document["authentic"], &document["acceptable"]);
    let answers = (authentic.as_bool().unwrap(), acceptable.as_bool().unwrap());
    assert_eq!(output.status.code(), Some(if answers.1 { 0 } else { 3 }), "{document}");
    for check in document["checks"].as_array().unwrap() {
        assert!(check["name"].is_string() && check["detail"].is_string(), "{check}");
    }
    (answers.0, answers.1, document)
}

fn expected(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap()
}

fn moment(seconds: u64) -> String {
    UnixTime::from_seconds(seconds).to_string()
}

#[test]
fn every_nitro_document_is_judged_as_published() {
    let Some(folder) = vectors() else { return };
    for row in expected(&folder)["nitro"].as_array().unwrap() {
        let at = moment(row["verify_at_unix"].as_u64().unwrap());
        let (authentic, acceptable, document) = judged(&folder.join(row["file"].as_str().unwrap()), &at, None);
        let due = match row["verdict"].as_str().unwrap() {
            "ok" => (true, true),
            "debug" => (true, false),
            "untrusted_root" => (false, false),
            other => panic!("{other}"),
        };
        assert_eq!((authentic, acceptable), due, "{document}");
        if authentic {
            assert_eq!(document["claims"]["module_id"], row["module_id"]);
            for (index, value) in row["nonzero_pcrs"].as_object().unwrap() {
                assert_eq!(&document["claims"]["pcrs"][index], value);
            }
        } else {
            assert!(document["claims"].is_null());
        }
    }
}

#[test]
fn every_snp_report_is_judged_as_published() {
    let Some(folder) = vectors() else { return };
    for row in expected(&folder)["snp"].as_array().unwrap() {
        let file = folder.join(row["file"].as_str().unwrap());
        let certificate = file.with_extension("vek.der");
        // The providers' keys live a year, the chips' seven.
        let at = match row["cert_to"].as_str() {
            Some(end) if end < "2026-07-01" => format!("{}T00:00:00Z", &end[..10]),
            _ => "2026-07-01T00:00:00Z".to_owned(),
        };
        let (authentic, acceptable, document) = judged(&file, &at, Some(&certificate));
        let due = match row["verdict"].as_str().unwrap() {
            "ok" => (true, true),
            "debug" => (true, false),
            "wrong_key" => (false, false),
            other => panic!("{other}"),
        };
        assert_eq!((authentic, acceptable), due, "{document}");
        if authentic {
            for name in [
                "measurement",
                "report_data",
                "chip_id",
                "host_data",
                "policy",
                "vmpl",
                "version",
            ] {
                assert_eq!(document["claims"][name], row[name], "{name}");
            }
        }
    }
}

#[test]
fn every_tdx_run_ends_as_published() {
    let Some(folder) = vectors() else { return };
    for run in expected(&folder)["tdx_runs"].as_array().unwrap() {
        let text = |name: &str| run[name].as_str().unwrap();
        let (quote, published) = (text("quote"), text("expected"));
        let collateral = folder.join("tdx/collateral").join(text("collateral"));
        let (authentic, acceptable, document) = judged(&folder.join("tdx").join(quote), text("at"), Some(&collateral));
        // A guest that does not defend itself is genuine, and not acceptable.
        let genuine = published.starts_with("OK") || published.contains("SEPT_VE_DISABLE");
        assert_eq!(authentic, genuine, "{quote}: {document}");
        // The v5 quotes are of domains with a service domain that nobody listed.
        let acceptable_there = published.contains("status=UpToDate") && !quote.contains("_v5_");
        assert_eq!(acceptable, acceptable_there, "{quote}: {document}");
    }
}

#[test]
fn a_folder_of_collateral_is_searched_for_the_right_one() {
    let Some(folder) = vectors() else { return };
    let quote = folder.join("tdx/phala_v4_b0c06f.quote");
    let (_, acceptable, document) = judged(&quote, "2025-07-01T00:00:00Z", Some(&folder.join("tdx/collateral")));
    assert!(acceptable, "{document}");
}

#[test]
fn without_a_time_evidence_is_judged_now() {
    let Some(folder) = vectors() else { return };
    let output = audit(&["evidence", folder.join("nitro/dstack_2025_12.cose").to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text.contains("ORV-A-006 NOT AUTHENTIC") && text.contains("valid until 2025-12-25T"),
        "{text}"
    );
}

#[test]
fn a_policy_is_named_by_its_hash_and_its_list_is_held_to() {
    let Some(folder) = vectors() else { return };
    let directory = tempfile::tempdir().unwrap();
    let policy = directory.path().join("policy.toml");
    let document = folder.join("nitro/dstack_2025_12.cose");
    let arguments = |policy: &Path| -> Vec<String> {
        [
            "evidence",
            document.to_str().unwrap(),
            "--at",
            "2025-12-25T16:04:19Z",
            "--json",
            "--policy",
        ]
        .map(str::to_owned)
        .into_iter()
        .chain([policy.to_str().unwrap().to_owned()])
        .collect()
    };
    let run = |policy: &Path| {
        let arguments = arguments(policy);
        audit(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let pcr0 = "eb7d0dab08ff41546d7e5659aee883af7b32bb2e58e46815b719f9f7bfae7b880188a10d86317e6509923740526cf74a";
    std::fs::write(
        &policy,
        format!("[[measurements]]\nname = 'known'\nregisters = {{ pcr0 = '{pcr0}' }}\n"),
    )
    .unwrap();
    let output = run(&policy);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["policy"].as_str().unwrap().len(), 64);
    std::fs::write(
        &policy,
        "[[measurements]]\nname = 'other'\nregisters = { pcr0 = '00' }\n",
    )
    .unwrap();
    assert_eq!(run(&policy).status.code(), Some(3));
    std::fs::write(&policy, "measurement = 1\n").unwrap();
    let refused = run(&policy);
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8(refused.stdout).unwrap().contains("ORV-A-004"));
    assert_eq!(run(&directory.path().join("absent")).status.code(), Some(1));
}

#[test]
fn the_policies_of_the_guide_are_read_and_the_one_for_nitro_holds_what_it_lists() {
    let Some(folder) = vectors() else { return };
    let document = folder.join("nitro/dstack_2025_12.cose");
    for (platform, measured) in [("nitro", true), ("tdx", false), ("snp", false)] {
        let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/policies/{platform}.toml"));
        let arguments = [
            "evidence",
            document.to_str().unwrap(),
            "--at",
            "2025-12-25T16:04:19Z",
            "--json",
            "--policy",
            policy.to_str().unwrap(),
        ];
        let judged: Value = serde_json::from_slice(&audit(&arguments).stdout).unwrap();
        let measurement = judged["checks"]
            .as_array()
            .unwrap()
            .iter()
            .find(|check| check["name"] == "measurement");
        // The document is older than the listing.
        assert_eq!(measurement.unwrap()["result"], "fail", "{judged}");
        let detail = measurement.unwrap()["detail"].as_str().unwrap();
        assert_eq!(detail.contains("does not count at"), measured, "{detail}");
    }
}

const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);

/// An envelope of the simulator, and its bytes.
fn simulated() -> (tempfile::TempDir, PathBuf) {
    let mut public_key = [0; 65];
    let generator = "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\
                     483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
    hex::decode_to_slice(generator, &mut public_key).unwrap();
    let binding = Binding {
        platform: Platform::SimNitro,
        purpose: VERDICT_KEY.to_owned(),
        challenge: [3; 32],
        public_key,
        context: Vec::new(),
    };
    let measured = Measured {
        executable: b"<script>",
        configuration: b"",
        ramdisk: b"",
    };
    let collected = SimulatedNitro::measure(&measured, || NOW).collect(&binding).unwrap();
    let envelope = Envelope::seal(&binding, KeyOrigin::GeneratedInside, collected).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("envelope");
    std::fs::write(&file, envelope.encode()).unwrap();
    (directory, file)
}

#[test]
fn an_envelope_is_told_by_content_and_its_parts_are_held_against_each_other() {
    let (_directory, file) = simulated();
    let at = moment(NOW.seconds());
    let (authentic, _, document) = judged(&file, &at, None);
    assert!(!authentic, "{document}");
    let output = audit(&[
        "evidence",
        file.to_str().unwrap(),
        "--at",
        &at,
        "--json",
        "--allow-simulated",
    ]);
    assert_eq!(output.status.code(), Some(0));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["simulated"], true);
    assert_eq!(document["bound"]["purpose"], VERDICT_KEY);
    let binding = document["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["name"] == "binding-digest");
    assert_eq!(binding.unwrap()["result"], "pass");
}

#[test]
fn an_explanation_says_what_is_proven_by_whom_and_what_is_not() {
    let Some(folder) = vectors() else { return };
    let report = folder.join("snp/milan_v2_gosev_DEBUG.report");
    let output = audit(&[
        "explain",
        report.to_str().unwrap(),
        "--at",
        "2026-07-01T00:00:00Z",
        "--collateral",
        report.with_extension("vek.der").to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8(output.stdout).unwrap();
    for words in [
        "an attestation report of an AMD SEV-SNP guest of 1184 bytes",
        "rests on AMD",
        "80..144  ",
        "What is proven:",
        "What is not as it must be:",
        "What nobody looked at, or what there was nothing to compare with:",
        "BadFuse",
        "ORV-A-005",
    ] {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
}

#[test]
fn a_page_is_one_file_that_fetches_nothing_and_runs_nothing() {
    let (directory, file) = simulated();
    let page = directory.path().join("page.html");
    let output = audit(&[
        "explain",
        file.to_str().unwrap(),
        "--at",
        &moment(NOW.seconds()),
        "--allow-simulated",
        "--html",
        page.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(0));
    let html = std::fs::read_to_string(page).unwrap();
    assert!(html.starts_with("<!doctype html>") && html.contains("SIMULATED"));
    for forbidden in ["<script", "http://", "https://", "src="] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn what_is_nobodys_evidence_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("note");
    std::fs::write(&file, b"a note").unwrap();
    let (authentic, _, document) = judged(&file, "2026-07-01T00:00:00Z", None);
    assert!(!authentic && document["platform"].is_null(), "{document}");
    let explained = audit(&["explain", file.to_str().unwrap(), "--json"]);
    assert_eq!(explained.status.code(), Some(3));
    assert_eq!(audit(&["evidence", "/nowhere"]).status.code(), Some(1));
    assert_eq!(
        audit(&["evidence", file.to_str().unwrap(), "--at", "yesterday"])
            .status
            .code(),
        Some(2)
    );
}
