//! Receipts whose key is endorsed by TDX or SEV-SNP, from the simulator to the auditor's verdict.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../../../enclave/receipt/tests/sample/mod.rs"]
mod sample;

use orv_evidence::{Binding, Collector, Envelope, KeyOrigin, Platform, UnixTime};
use orv_receipt::rule::statement_of;
use orv_receipt::{DatedCollateral, Receipt, Signature};
use orv_simulator::Measured;
use orv_simulator::snp::SimulatedSnp;
use orv_simulator::tdx::SimulatedTdx;
use orv_verify::MAXIMUM_COLLATERAL_PIECES;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);
const MEASURED: Measured<'_> = Measured {
    executable: b"the program",
    configuration: b"its settings",
    ramdisk: b"",
};

fn collector(platform: Platform) -> Box<dyn Collector> {
    let from = NOW.minus_seconds(86_400);
    match platform {
        Platform::SimTdx => Box::new(SimulatedTdx::measure(&MEASURED, from, || NOW).unwrap()),
        _ => Box::new(SimulatedSnp::measure(&MEASURED, from).unwrap()),
    }
}

/// Where a receipt's collateral is.
#[derive(Clone, Copy)]
enum Place {
    Envelope,
    Receipt,
    /// In a file that is given back.
    Elsewhere,
}

/// The sample's receipt with a key that this platform endorsed.
fn receipt(platform: Platform, folder: &Path, place: Place) -> (String, Option<String>) {
    let bundle = sample::bundle();
    let plain = sample::receipt_of(&bundle);
    let binding = Binding {
        platform,
        ..Envelope::decode(&plain.envelope).unwrap().binding()
    };
    let mut collected = collector(platform).collect(&binding).unwrap();
    let beside = match place {
        Place::Envelope => None,
        Place::Receipt | Place::Elsewhere => collected.collateral.take(),
    };
    let pieces = match place {
        Place::Receipt => beside.iter().cloned().collect(),
        Place::Envelope | Place::Elsewhere => Vec::new(),
    };
    let envelope = Envelope::seal(&binding, KeyOrigin::GeneratedInside, collected)
        .unwrap()
        .encode();
    let run = statement_of(&bundle, sample::root(&plain.bundle), sample::root(&envelope)).unwrap();
    let signature = Signature::sign(&sample::key(), &run.signing_hash(&plain.domain)).unwrap();
    let receipt = Receipt {
        run,
        signature,
        envelope,
        collateral: DatedCollateral::of(pieces).unwrap(),
        ..plain
    };
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    (
        write("receipt.orv", &receipt.encode()),
        beside.map(|collateral| write("collateral", &collateral)),
    )
}

fn audit(arguments: &[&str]) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_orv-audit"))
        .args(arguments)
        .arg("--json")
        .output()
        .unwrap();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn a_receipt_of_either_platform_is_verified_at_the_time_it_was_made() {
    for platform in [Platform::SimTdx, Platform::SimSnp] {
        for place in [Place::Envelope, Place::Receipt] {
            let folder = tempfile::tempdir().unwrap();
            let (file, _) = receipt(platform, folder.path(), place);
            let at = NOW.to_string();
            let (status, document) = audit(&["receipt", &file, "--allow-simulated", "--at", &at]);
            assert_eq!(status, Some(0), "{document}");
            assert_eq!(document["evidence"]["platform"], platform.as_str());
            let (status, document) = audit(&["receipt", &file, "--at", &at]);
            assert_eq!((status, &document["simulated"]), (Some(3), &json!(true)), "{document}");
            // The same file is evidence too, and can be explained.
            for command in ["evidence", "explain"] {
                let (status, document) = audit(&[command, &file, "--allow-simulated", "--at", &at]);
                assert_eq!((status, &document["authentic"]), (Some(0), &json!(true)), "{document}");
                assert_eq!(document["simulated"], true);
            }
        }
    }
}

#[test]
fn what_a_receipt_carries_is_collateral_and_does_not_fail_beside_a_full_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (file, collateral) = receipt(Platform::SimTdx, folder.path(), Place::Receipt);
    let full = folder.path().join("full");
    std::fs::create_dir(&full).unwrap();
    for number in 0..MAXIMUM_COLLATERAL_PIECES {
        std::fs::copy(collateral.as_deref().unwrap(), full.join(number.to_string())).unwrap();
    }
    let at = NOW.to_string();
    let full = full.to_str().unwrap();
    let (status, document) = audit(&["receipt", &file, "--allow-simulated", "--at", &at, "--collateral", full]);
    assert_eq!(status, Some(0), "{document}");

    let spoilt = Receipt {
        collateral: DatedCollateral::of(vec![b"a note".to_vec()]).unwrap(),
        ..Receipt::decode(&std::fs::read(&file).unwrap()).unwrap()
    };
    std::fs::write(&file, spoilt.encode()).unwrap();
    let (status, document) = audit(&["receipt", &file, "--allow-simulated", "--at", &at]);
    assert_eq!(status, Some(3));
    assert!(document.to_string().contains("receipt-collateral"), "{document}");
}

#[test]
fn collateral_that_an_envelope_lacks_is_given_beside_it() {
    for platform in [Platform::SimTdx, Platform::SimSnp] {
        let folder = tempfile::tempdir().unwrap();
        let (file, collateral) = receipt(platform, folder.path(), Place::Elsewhere);
        let at = NOW.to_string();
        let arguments = ["receipt", file.as_str(), "--allow-simulated", "--at", &at];
        assert_eq!(audit(&arguments).0, Some(3));
        let given = [&arguments[..], &["--collateral", collateral.as_deref().unwrap()]].concat();
        let (status, document) = audit(&given);
        assert_eq!(status, Some(0), "{document}");
    }
}
