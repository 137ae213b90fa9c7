//! Real quotes, as published: every field and every verdict.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod tdx_support;

use orv_verify::tdx::{QuoteError, canonical_quote};
use orv_verify::{CheckName, CheckResult, Register, TdxError, VerifyError, instant};
use serde_json::Value;
use tdx_support::{collateral, failed, json, judge, read, result, tdx, text, vectors};

/// What must fail of each row's quote under the built-in policy, beside the TCB's state.
fn unacceptable(quote: &str) -> Vec<CheckName> {
    match quote {
        "alibaba_v5_90c06f.quote" => vec![CheckName::ServiceDomain],
        "azure_v4_00806f_NO_SEPT_VE.quote" => vec![CheckName::SeptVeDisable],
        _ => Vec::new(),
    }
}

#[test]
fn every_published_run_ends_as_published() {
    let Some(folder) = vectors() else { return };
    let expected = json(&folder, "expected.json");
    let runs = expected["tdx_runs"].as_array().expect("rows");
    for run in runs {
        let (quote, at) = (text(run, "quote"), text(run, "at"));
        let set = collateral(&folder, text(run, "collateral"));
        let verified = judge(&read(&folder, quote), &set, instant(at).expect("a time"));
        let published = text(run, "expected");
        let row = format!("{quote} at {at}: {published}");
        match published {
            "ERR No matching TCB level found" => {
                assert!(
                    matches!(verified, Err(VerifyError::Tdx(TdxError::NoTcbLevel(_)))),
                    "{row}"
                );
            }
            "ERR TCBInfo expired" => {
                assert!(
                    matches!(verified, Err(VerifyError::Tdx(TdxError::Expired { .. }))),
                    "{row}"
                );
            }
            "ERR TCBInfo issue date is in the future" => {
                let error = verified.expect_err(&row);
                assert!(
                    matches!(error, VerifyError::Tdx(TdxError::FromTheFuture { .. })),
                    "{row}"
                );
            }
            "ERR Fmspc mismatch" => {
                let error = verified.expect_err(&row);
                assert!(
                    matches!(error, VerifyError::Tdx(TdxError::AnotherFmspc { .. })),
                    "{row}"
                );
            }
            // Genuine evidence of a badly configured guest: authentic here, and refused by the policy.
            "ERR SEPT_VE_DISABLE is not enabled" => {
                let verified = verified.unwrap_or_else(|error| panic!("{row}: {error}"));
                assert!(failed(&verified).contains(&CheckName::SeptVeDisable), "{row}");
            }
            ok => {
                let verified = verified.unwrap_or_else(|error| panic!("{row}: {error}"));
                let tcb = &tdx(&verified).tcb;
                assert_eq!(
                    format!("OK status={} advisories={:?}", tcb.status, tcb.advisories),
                    ok,
                    "{row}"
                );
                let mut due = unacceptable(quote);
                if tcb.status.as_str() != "UpToDate" {
                    due.insert(0, CheckName::TcbStatus);
                }
                assert_eq!(failed(&verified), due, "{row}");
                assert_eq!(verified.acceptable().is_ok(), due.is_empty(), "{row}");
            }
        }
    }
    assert!(runs.len() >= 17, "only {} runs", runs.len());
}

#[test]
fn every_published_field_is_claimed() {
    let Some(folder) = vectors() else { return };
    let expected = json(&folder, "expected.json");
    let mut compared = 0;
    for run in expected["tdx_runs"].as_array().expect("rows") {
        let quote = text(run, "quote");
        let set = collateral(&folder, text(run, "collateral"));
        let Ok(verified) = judge(&read(&folder, quote), &set, instant(text(run, "at")).expect("a time")) else {
            continue;
        };
        let file = format!("tdx/{quote}");
        let rows = expected["tdx"].as_array().expect("rows");
        let row = rows
            .iter()
            .find(|row| row["file"] == file.as_str())
            .expect("the quote's row");
        let claims = serde_json::to_value(verified.claims()).expect("JSON");
        // Facts about the file, and intermediate results that are checks here.
        let other = [
            "len",
            "debug",
            "sig_len",
            "trailing_zero",
            "cert_type",
            "inner_type",
            "quote_sig_ok",
            "ak_bound",
            "qe_sig_ok",
            "chain_ok",
            "sha256",
            "file",
            "source",
            "body_size",
        ];
        for (key, value) in row.as_object().expect("an object") {
            if !other.contains(&key.as_str()) {
                let found = match (key.as_str(), &claims[key]) {
                    ("pck_from" | "pck_to", Value::String(text)) => Value::from(text.replace('Z', "+00:00")),
                    (_, found) => found.clone(),
                };
                assert_eq!(&found, value, "{quote}: {key}");
            }
        }
        assert_eq!(row["debug"], claims["debug"] == "debug");
        compared += 1;
    }
    assert!(compared >= 10, "only {compared} quotes");
}

#[test]
fn every_published_mutation_fails_at_its_step() {
    let Some(folder) = vectors() else { return };
    let mutations = json(&folder, "bad/mutations.json");
    let set = collateral(&folder, "b0c06f_2025-06.json");
    let now = instant("2025-07-01T00:00:00Z").expect("a time");
    let mut seen = 0;
    for mutation in mutations.as_array().expect("rows") {
        let file = text(mutation, "file");
        if !file.starts_with("tdx/") {
            continue;
        }
        let mut quote = std::fs::read(folder.join(file)).expect("a quote");
        let offset = mutation["offset"].as_u64().expect("an offset") as usize;
        quote[offset] ^= mutation["xor"].as_u64().expect("a mask") as u8;
        let step = text(mutation, "must_fail");
        let VerifyError::Tdx(error) = judge(&quote, &set, now).expect_err(step) else {
            panic!("{step}")
        };
        match error {
            TdxError::QuoteSignature => assert!(step.starts_with("quote signature"), "{step}"),
            // Version 5 by the flip, and then another layout.
            TdxError::Quote(_) => assert!(step.starts_with("version"), "{step}"),
            TdxError::AttestationKey => assert!(step.starts_with("attestation key"), "{step}"),
            TdxError::QuotingEnclaveSignature => assert!(step.starts_with("QE report signature"), "{step}"),
            other => panic!("{step}: {other}"),
        }
        seen += 1;
    }
    assert!(seen >= 5, "only {seen} mutations");
}

#[test]
fn an_sgx_quote_is_no_trust_domains() {
    let Some(folder) = vectors() else { return };
    let quote = read(&folder, "phala_sgx_v3_00a067.quote");
    let now = instant("2025-07-01T00:00:00Z").expect("a time");
    let error = judge(&quote, &collateral(&folder, "00a067_2025-06_SGX.json"), now).expect_err("SGX");
    assert_eq!(error, VerifyError::Tdx(TdxError::Quote(QuoteError::Version(3))));
}

#[test]
fn collateral_of_another_kind_is_refused() {
    let Some(folder) = vectors() else { return };
    let quote = read(&folder, "phala_v4_b0c06f.quote");
    let now = instant("2025-07-01T00:00:00Z").expect("a time");
    let set = collateral(&folder, "00a067_2025-06_SGX.json");
    assert!(matches!(
        judge(&quote, &set, now),
        Err(VerifyError::Tdx(TdxError::AnotherFmspc { .. }))
    ));
    // The right TCB information with an SGX enclave's identity, both signed by Intel.
    let mut mixed = collateral(&folder, "b0c06f_2025-06.json");
    mixed.tdx[0].qe_identity = set.tdx[0].qe_identity.clone();
    mixed.tdx[0].qe_identity_signature = set.tdx[0].qe_identity_signature.clone();
    assert!(matches!(
        judge(&quote, &mixed, now),
        Err(VerifyError::Tdx(TdxError::Kind { .. }))
    ));
    // The right one with the processor authority's revocation list.
    let mut mixed = collateral(&folder, "b0c06f_2025-06.json");
    mixed.tdx[0].pck_crl = set.tdx[0].pck_crl.clone();
    assert!(matches!(
        judge(&quote, &mixed, now),
        Err(VerifyError::Tdx(TdxError::AnotherAuthority { .. }))
    ));
}

#[test]
fn bytes_after_a_quote_count_for_nothing() {
    let Some(folder) = vectors() else { return };
    let expected = json(&folder, "expected.json");
    for row in expected["tdx"].as_array().expect("rows") {
        let quote = std::fs::read(folder.join(text(row, "file"))).expect("a quote");
        let canonical = canonical_quote(&quote).expect("a quote");
        assert_eq!(
            (quote.len() - canonical.len()) as u64,
            row["trailing"].as_u64().expect("a number")
        );
        assert_eq!(canonical_quote(canonical).expect("a quote"), canonical);
    }
    let quote = read(&folder, "phala_v4_b0c06f.quote");
    let set = collateral(&folder, "b0c06f_2025-06.json");
    let now = instant("2025-07-01T00:00:00Z").expect("a time");
    let mut other = canonical_quote(&quote).expect("a quote").to_vec();
    other.extend(b"something else");
    let (one, two) = (
        judge(&quote, &set, now).expect("authentic"),
        judge(&other, &set, now).expect("authentic"),
    );
    assert_eq!(tdx(&one).report, tdx(&two).report);
    assert_eq!((tdx(&one).trailing, tdx(&two).trailing), (70, 14));
    assert_eq!(result(one.checks(), CheckName::Format), CheckResult::Pass);
}

/// The log's replay itself is `orv-measure`'s, and tested there on the same log.
#[test]
fn a_real_event_logs_replay_explains_its_quote() {
    let Some(folder) = vectors() else { return };
    let replay = json(&folder, "measurement/tdx_rtmr_replay.json");
    let quote = std::fs::read(folder.join(text(&replay, "quote"))).expect("a quote");
    let mut set = collateral(&folder, "00806f_2025-07.json");
    set.replayed = Some(["rtmr0", "rtmr1", "rtmr2", "rtmr3"].map(|name| {
        let digits = hex::decode(text(&replay["expected"], name)).expect("digits");
        Register(digits.try_into().expect("48 bytes"))
    }));
    let now = instant("2025-07-15T00:00:00Z").expect("a time");
    let verified = judge(&quote, &set, now).expect("authentic");
    assert_eq!(result(verified.checks(), CheckName::EventLog), CheckResult::Pass);
    assert!(verified.acceptable().is_ok());
}
