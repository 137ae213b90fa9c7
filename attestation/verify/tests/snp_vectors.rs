//! Real reports of AMD's hardware: every field, every verdict, every published mutation.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

mod snp_support;

use orv_verify::snp::{EndorsementKind, Link};
use orv_verify::{CheckName, CheckResult, DebugMode, PlatformTier, SnpError, instant};
use serde_json::Value;
use snp_support::{collateral, failed, json, judge, one, published, refused, result, vectors};

#[test]
fn every_published_report_is_judged_as_published() {
    for vector in published() {
        let name = &vector.name;
        let judged = judge(&vector.report, &vector.collateral(), vector.a_valid_second());
        match vector.verdict() {
            "wrong_key" => assert_eq!(refused(judged), SnpError::Signature, "{name}"),
            verdict => {
                let verified = judged.unwrap_or_else(|error| panic!("{name}: {error}"));
                let expected = match verdict {
                    "ok" => vec![],
                    "debug" => vec![CheckName::DebugMode],
                    other => panic!("unknown verdict {other}"),
                };
                assert_eq!(failed(&verified), expected, "{name}");
                assert_eq!(
                    verified.claims().debug == DebugMode::Debug,
                    verdict == "debug",
                    "{name}"
                );
                assert_eq!(verified.claims().tier, PlatformTier::WeakCounter, "{name}");
                assert_eq!(verified.claims().issued_at, None);
            }
        }
    }
}

#[test]
fn every_published_field_is_claimed_in_json_under_its_name() {
    // About the vectors, not of the reports.
    const ABOUT: [&str; 4] = ["file", "verdict", "source", "note"];
    let mut seen = 0;
    for vector in published().iter().filter(|vector| vector.verdict() != "wrong_key") {
        let verified = judge(&vector.report, &vector.collateral(), vector.a_valid_second()).expect("authentic");
        let claims = serde_json::to_value(verified.claims()).expect("JSON");
        for (key, value) in vector.expected.as_object().expect("fields") {
            if ABOUT.contains(&key.as_str()) {
                continue;
            }
            // Where the vectors leave a component out there is none.
            let found = match (key.as_str(), value) {
                ("cert_tcb", Value::Object(components)) => Value::Object(
                    claims[key]
                        .as_object()
                        .expect("components")
                        .iter()
                        .filter(|(name, value)| components.contains_key(*name) || !value.is_null())
                        .map(|(name, value)| (name.clone(), value.clone()))
                        .collect(),
                ),
                _ => claims[key].clone(),
            };
            assert_eq!(found, *value, "{} {key}", vector.name);
            seen += 1;
        }
    }
    assert!(vectors().is_none() || seen > 400, "{seen} fields");
}

#[test]
fn every_published_mutation_fails_at_its_step() {
    let Some(folder) = vectors() else { return };
    let mut seen = 0;
    for mutation in json(&folder, "bad/mutations.json").as_array().expect("rows") {
        let file = mutation["file"].as_str().expect("a file");
        if !file.starts_with("snp/") {
            continue;
        }
        let mut vector = one(file).expect("the vectors are here");
        let offset = usize::try_from(mutation["offset"].as_u64().expect("an offset")).expect("small");
        vector.report[offset] ^= u8::try_from(mutation["xor"].as_u64().expect("a mask")).expect("a byte");
        let error = refused(judge(&vector.report, &vector.collateral(), vector.a_valid_second()));
        let step = mutation["must_fail"].as_str().expect("a step");
        match error {
            SnpError::Signature => assert!(step.contains("report signature"), "{step}"),
            SnpError::Reserved(found) => {
                assert_eq!(found, offset);
                assert!(step.contains("padding"), "{step}");
            }
            SnpError::Firmware { .. } => assert!(step.contains("TCB/cert mismatch"), "{step}"),
            other => panic!("{step}: {other}"),
        }
        seen += 1;
    }
    assert_eq!(seen, 6, "six mutations of reports are published");
}

#[test]
fn a_key_of_a_year_ago_signs_nothing_any_more() {
    let Some(vector) = one("milan_v3_aws_vlek_vmpl1") else {
        return;
    };
    let at = |text: &str| judge(&vector.report, &vector.collateral(), instant(text).expect("a moment"));
    assert!(at("2025-12-10T22:14:21Z").is_ok(), "the last second");
    let expired = refused(at("2025-12-10T22:14:22Z"));
    assert!(
        matches!(
            expired,
            SnpError::Expired {
                certificate: Link::Key(EndorsementKind::Vlek),
                ..
            }
        ),
        "{expired}"
    );
    assert!(at("2024-12-10T22:14:21Z").is_ok(), "the first second");
    let early = at("2024-12-10T22:09:21Z").expect("five minutes of clock skew");
    let chain = snp_support::check(&early, CheckName::CertificateChain);
    assert!(chain.detail.contains("within the clock skew"), "{}", chain.detail);
    let too_early = refused(at("2024-12-10T22:09:20Z"));
    assert!(matches!(too_early, SnpError::NotYetValid { .. }), "{too_early}");
}

#[test]
fn no_other_chips_certificate_verifies_a_report() {
    let all = published();
    for vector in &all {
        for other in all.iter().filter(|other| other.certificate != vector.certificate) {
            let judged = judge(&vector.report, &other.collateral(), vector.a_valid_second());
            assert!(judged.is_err(), "{} with the key of {}", vector.name, other.name);
        }
    }
}

#[test]
fn the_right_certificate_is_found_among_all() {
    let all = published();
    let certificates: Vec<&[u8]> = all.iter().map(|vector| vector.certificate.as_slice()).collect();
    for vector in all.iter().filter(|vector| vector.verdict() == "ok") {
        let judged = judge(&vector.report, &collateral(&certificates), vector.a_valid_second());
        let verified = judged.unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        assert!(verified.acceptable().is_ok());
    }
}

#[test]
fn a_missing_certificate_is_named() {
    let (Some(chip), Some(provider)) = (one("genoa_v5"), one("aws_vlek_vmpl1")) else {
        return;
    };
    let now = chip.a_valid_second();
    let error = refused(judge(&chip.report, &collateral(&[&provider.certificate]), now));
    assert_eq!(error.to_string(), "no VCEK among 1 certificates");
    let error = refused(judge(&provider.report, &collateral(&[]), now));
    assert_eq!(error.to_string(), "no VLEK among 0 certificates");
}

#[test]
fn upstreams_negative_certificates_are_nobodys() {
    let (Some(folder), Some(vector)) = (vectors(), one("milan_v2_virtee")) else {
        return;
    };
    for name in ["legacy", "new"] {
        let certificate = std::fs::read(folder.join(format!("bad/snp_vcek_invalid_{name}.der"))).expect("a file");
        let error = refused(judge(
            &vector.report,
            &collateral(&[&certificate]),
            vector.a_valid_second(),
        ));
        assert!(
            matches!(error, SnpError::Firmware { .. } | SnpError::Chip { .. }),
            "{error}"
        );
    }
}

#[test]
fn what_nobody_asked_about_is_listed_as_skipped() {
    let Some(vector) = one("turin_v5") else { return };
    let verified = judge(&vector.report, &vector.collateral(), vector.a_valid_second()).expect("authentic");
    for name in [
        CheckName::Revocation,
        CheckName::Measurement,
        CheckName::PrivilegeLevel,
        CheckName::HostData,
        CheckName::IdKey,
        CheckName::AuthorKey,
        CheckName::FamilyId,
        CheckName::ImageId,
        CheckName::Provider,
        CheckName::Chip,
        CheckName::BindingDigest,
    ] {
        assert_eq!(result(&verified, name), CheckResult::Skipped, "{name}");
    }
}
