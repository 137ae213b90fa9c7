//! Real documents of AWS's hardware, and bytes flipped in them.

#![allow(clippy::panic, clippy::expect_used, clippy::indexing_slicing)]

mod published_vectors;

use orv_evidence::{Binding, Platform, UnixTime};
use orv_verify::{
    ChainError, Check, CheckName, CheckResult, Collateral, DebugMode, ExpectedBinding, Hardware, Policy, Roots,
    Verified, VerifyError, verify,
};
use published_vectors::{json, text, vectors};
use serde_json::Value;

/// None of the real documents is ours, so none can carry the binding that is expected here.
fn foreign_binding(platform: Platform) -> ExpectedBinding {
    let generator = "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\
                     483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
    ExpectedBinding::To(Binding {
        platform,
        purpose: "verdict-key".to_owned(),
        challenge: [9; 32],
        public_key: hex::decode(generator).expect("hex").try_into().expect("65 bytes"),
        context: Vec::new(),
    })
}

fn judge(document: &[u8], now: u64) -> Result<Verified, VerifyError> {
    let now = UnixTime::from_seconds(now);
    verify(
        document,
        &Collateral::none(),
        now,
        &Roots::production(),
        &Policy::built_in(),
        &foreign_binding(Platform::Nitro),
    )
}

fn result(checks: &[Check], name: CheckName) -> CheckResult {
    checks
        .iter()
        .find(|check| check.name == name)
        .expect("the check was made")
        .result
}

fn agrees(verified: &Verified, row: &Value) {
    let claims = verified.claims();
    let Hardware::Nitro(nitro) = &claims.hardware else {
        panic!("another platform's claims")
    };
    assert_eq!(nitro.module, text(row, "module_id"));
    assert_eq!(nitro.timestamp, row["timestamp_ms"].as_u64().expect("a number"));
    assert_eq!(
        claims.issued_at.expect("a time").seconds(),
        row["timestamp_ms"].as_u64().expect("a number") / 1000
    );
    assert_eq!(claims.debug == DebugMode::Debug, row["debug"] == Value::Bool(true));
    for (key, field) in [
        ("nonce", &nitro.reported.nonce),
        ("public_key", &nitro.reported.public_key),
        ("user_data", &nitro.reported.user_data),
    ] {
        assert_eq!(
            hex::encode(field.as_deref().unwrap_or_default()),
            text(row, key),
            "{key}"
        );
    }
    let registers = &nitro.registers;
    assert_eq!(
        registers.others.len() as u64 + 3,
        row["npcrs"].as_u64().expect("a number")
    );
    let all = [(0, registers.pcr0), (1, registers.pcr1), (2, registers.pcr2)]
        .into_iter()
        .chain(registers.others.iter().map(|(index, register)| (*index, *register)));
    let shown = all
        .filter(|(_, register)| !register.is_zero())
        .map(|(i, r)| (i.to_string(), Value::from(r.to_string())));
    assert_eq!(Value::Object(shown.collect()), row["nonzero_pcrs"]);
    assert_eq!(result(verified.checks(), CheckName::ParentInstance), CheckResult::Pass);
    assert_eq!(result(verified.checks(), CheckName::Revocation), CheckResult::Skipped);
}

#[test]
fn every_published_document_is_judged_as_published() {
    let Some(folder) = vectors() else { return };
    let expected = json(&folder, "expected.json");
    let rows = expected["nitro"].as_array().expect("rows");
    let mut seen = 0;
    for row in rows.iter().filter(|row| row["file"].is_string()) {
        let document = std::fs::read(folder.join(text(row, "file"))).expect("a document");
        let verified = judge(&document, row["verify_at_unix"].as_u64().expect("a time"));
        match text(row, "verdict") {
            verdict @ ("ok" | "debug") => {
                let verified = verified.unwrap_or_else(|error| panic!("{}: {error}", row["file"]));
                agrees(&verified, row);
                let debug = result(verified.checks(), CheckName::DebugMode);
                assert_eq!(debug == CheckResult::Fail, verdict == "debug", "{}", row["file"]);
                assert!(
                    verified.acceptable().is_err(),
                    "a foreign document is never bound to our key"
                );
            }
            "untrusted_root" => {
                assert!(
                    matches!(verified, Err(VerifyError::Chain(ChainError::AnotherRoot(_)))),
                    "{verified:?}"
                );
            }
            other => panic!("unknown verdict {other}"),
        }
        seen += 1;
    }
    assert!(seen >= 10, "only {seen} documents");
}

#[test]
fn a_real_document_is_worth_nothing_before_and_after_its_leafs_life() {
    let Some(folder) = vectors() else { return };
    let document = std::fs::read(folder.join("nitro/dstack_2025_12.cose")).expect("a document");
    // The leaf lives from 2025-12-25T16:04:16Z to 19:04:19Z.
    let (first, last) = (1_766_678_656, 1_766_689_459);
    assert!(judge(&document, last).is_ok());
    assert!(matches!(
        judge(&document, last + 1),
        Err(VerifyError::Chain(ChainError::Expired { .. }))
    ));
    assert!(judge(&document, first).is_ok());
    // Made three seconds into the leaf's life: both the chain and the document's time are within the skew.
    assert!(judge(&document, first - 297).is_ok(), "within the clock skew");
    assert!(matches!(
        judge(&document, first - 298),
        Err(VerifyError::TimeInFuture { .. })
    ));
    assert!(matches!(
        judge(&document, first - 301),
        Err(VerifyError::Chain(ChainError::NotYetValid { .. }))
    ));
}

#[test]
fn a_real_document_is_no_simulated_one() {
    let Some(folder) = vectors() else { return };
    let document = std::fs::read(folder.join("nitro/dstack_2025_12.cose")).expect("a document");
    let expected = foreign_binding(Platform::SimNitro);
    let roots = Roots::with_simulator(orv_simulator::root_der()).expect("a root");
    let now = UnixTime::from_seconds(1_766_678_659);
    let judged = verify(
        &document,
        &Collateral::none(),
        now,
        &roots,
        &Policy::built_in(),
        &expected,
    );
    assert!(
        matches!(judged, Err(VerifyError::Chain(ChainError::AnotherRoot(_)))),
        "{judged:?}"
    );
}

#[test]
fn every_published_mutation_fails_at_its_step() {
    let Some(folder) = vectors() else { return };
    let mutations = json(&folder, "bad/mutations.json");
    let expected = json(&folder, "expected.json");
    let mut seen = 0;
    for mutation in mutations.as_array().expect("rows") {
        let file = text(mutation, "file");
        if !file.starts_with("nitro/") {
            continue;
        }
        let row = expected["nitro"]
            .as_array()
            .expect("rows")
            .iter()
            .find(|row| row["file"] == file);
        let now = row.expect("the file's row")["verify_at_unix"].as_u64().expect("a time");
        let mut document = std::fs::read(folder.join(file)).expect("a document");
        let offset = mutation["offset"].as_i64().expect("an offset");
        let length = document.len() as i64;
        document[offset.rem_euclid(length) as usize] ^= mutation["xor"].as_u64().expect("a mask") as u8;
        let error = judge(&document, now).expect_err("a flipped byte");
        let step = text(mutation, "must_fail");
        match error {
            VerifyError::Signature => assert!(step.contains("COSE signature"), "{step}"),
            VerifyError::Document(_) => assert!(step.contains("protected header"), "{step}"),
            other => panic!("{step}: {other}"),
        }
        seen += 1;
    }
    assert_eq!(seen, 3, "three mutations of Nitro documents are published");
}

#[test]
fn a_tag_is_tolerated_and_no_other() {
    let Some(folder) = vectors() else { return };
    let document = std::fs::read(folder.join("nitro/marlin_2024_12.cose")).expect("a document");
    let now = 1_734_075_478;
    assert!(judge(&[&[0xd2], &document[..]].concat(), now).is_ok(), "tag 18");
    assert!(judge(&[&[0xd3], &document[..]].concat(), now).is_err(), "tag 19");
    assert!(
        judge(&[&[0xd8, 18], &document[..]].concat(), now).is_err(),
        "tag 18 in a longer form"
    );
}
