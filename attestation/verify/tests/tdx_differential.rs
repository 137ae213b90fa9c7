//! Another implementation's verdict on the same bytes: the verifier of `dcap-qvl`, which errs for a badly configured
//! domain where this one says authentic and unacceptable.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod tdx_support;

use dcap_qvl::QuoteCollateralV3;
use dcap_qvl::configs::RingConfig;
use dcap_qvl::verify::{QuoteVerifier, VerifiedReport};
use orv_simulator::Standing;
use orv_simulator::tdx::{Defect, root_der};
use orv_verify::tdx::TdxPart;
use orv_verify::{Collateral, Policy, TdxCollateral, TdxError, UnixTime, Verified, VerifyError, instant};
use tdx_support::{NOW, collateral, given, json, judge, judge_simulated, read, tdx, text, vectors};

/// What the other implementation says, with everything allowed that it lets a caller allow.
fn other(
    root: Option<&[u8]>,
    quote: &[u8],
    collateral: &TdxCollateral,
    now: UnixTime,
) -> Result<VerifiedReport, String> {
    let collateral = serde_json::to_vec(collateral).expect("JSON");
    let collateral: QuoteCollateralV3 = serde_json::from_slice(&collateral).expect("the same shape");
    root.map_or_else(QuoteVerifier::new_prod, |root| QuoteVerifier::new(root.to_vec()))
        .with_config::<RingConfig>()
        .allow_debug(true)
        .allow_service_td(true)
        .verify(quote, &collateral, now.seconds())
        .map_err(|error| format!("{error:#}"))
}

/// Where the other implementation cannot be asked to tell authentic from acceptable.
const FUSED: [&str; 5] = [
    "TD migration is enabled",
    "SEPT_VE_DISABLE is not enabled",
    "Reserved bits in TD attributes are set",
    "SERVTD_EXT is enabled",
    "TD profiling is enabled",
];

fn fused(error: &str) -> bool {
    FUSED.iter().any(|message| error.contains(message))
}

fn agree(row: &str, ours: Result<Verified, VerifyError>, theirs: Result<VerifiedReport, String>) {
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            let tcb = &tdx(&ours).tcb;
            assert_eq!(tcb.status.as_str(), theirs.status, "{row}");
            assert_eq!(tcb.advisories, theirs.advisory_ids, "{row}");
            let report = theirs.report.as_td10().expect("a trust domain's");
            let own = &tdx(&ours).report;
            assert_eq!(
                (own.mrtd.0, own.rtmr3.0, own.report_data),
                (report.mr_td, report.rt_mr3, report.report_data)
            );
            assert_eq!(tdx(&ours).platform.ppid.as_slice(), theirs.ppid);
        }
        (Err(_), Err(_)) => {}
        (Ok(ours), Err(error)) => {
            assert!(fused(&error), "{row}: {error}");
            assert!(ours.acceptable().is_err(), "{row}: {error}");
        }
        // The other one takes a revocation list that was not issued yet.
        (Err(VerifyError::Tdx(TdxError::FromTheFuture { part, .. })), Ok(_)) => {
            assert!(matches!(part, TdxPart::RootList | TdxPart::PlatformList), "{row}");
        }
        (Err(error), Ok(_)) => panic!("{row}: only here: {error}"),
    }
}

#[test]
fn every_published_run_ends_as_elsewhere() {
    let Some(folder) = vectors() else { return };
    let expected = json(&folder, "expected.json");
    for run in expected["tdx_runs"].as_array().expect("rows") {
        let quote = read(&folder, text(run, "quote"));
        let set = collateral(&folder, text(run, "collateral"));
        let now = instant(text(run, "at")).expect("a time");
        agree(
            text(run, "quote"),
            judge(&quote, &set, now),
            other(None, &quote, &set.tdx[0], now),
        );
    }
}

/// Every published quote under every published set, at the set's beginning, middle and after its end.
#[test]
fn every_pair_of_quote_and_collateral_ends_as_elsewhere() {
    let Some(folder) = vectors() else { return };
    let list = |folder: std::path::PathBuf, end: &str| {
        let entries = std::fs::read_dir(folder).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
        let mut names: Vec<_> = names.filter(|name| name.ends_with(end)).collect();
        names.sort();
        names
    };
    let mut quotes = list(folder.join("tdx"), ".quote");
    // Genuine, and an SGX enclave's: the other implementation verifies these too.
    quotes.retain(|name| !name.contains("sgx"));
    let mut authentic = 0;
    for name in list(folder.join("tdx/collateral"), ".json") {
        let set = collateral(&folder, &name);
        let info: serde_json::Value = serde_json::from_str(&set.tdx[0].tcb_info).expect("JSON");
        let issued = instant(text(&info, "issueDate")).expect("a time");
        for quote in &quotes {
            let bytes = read(&folder, quote);
            for days in [1, 10, 40] {
                let now = issued.plus_seconds(days * 86_400);
                let ours = judge(&bytes, &set, now);
                authentic += usize::from(ours.is_ok());
                agree(
                    &format!("{quote} with {name}, day {days}"),
                    ours,
                    other(None, &bytes, &set.tdx[0], now),
                );
            }
        }
    }
    assert!(authentic >= 15, "only {authentic} authentic pairs");
}

/// Defects that only this verifier calls one: what the other one does not look at.
const UNSEEN: [&str; 4] = [
    "Collateral(OtherPce)",
    "Chain(PckAuthorityWithoutSigning)",
    "Signature(QuotingEnclaveTail)",
    "Signature(OtherOuterCertification)",
];

#[test]
fn every_defect_that_another_implementation_sees_is_seen_here() {
    for defect in Defect::all() {
        let row = format!("{defect:?}");
        let (quote, set) = given(&defect.forge(NOW).expect("randomness"));
        let theirs = other(Some(root_der()), &quote, &set.tdx[0], NOW);
        let ours = judge_simulated(&quote, &set, NOW, &Policy::built_in());
        if UNSEEN.contains(&row.as_str()) {
            assert!(ours.is_err() && theirs.is_ok(), "{row}: {theirs:?}");
            assert_eq!(defect.standing(), Standing::NotAuthentic);
            continue;
        }
        agree(&row, ours, theirs);
    }
}

#[test]
fn several_sets_are_no_other_verdict() {
    let Some(folder) = vectors() else { return };
    let quote = read(&folder, "alibaba_v5_90c06f.quote");
    let names = [
        "90c06f_2025-06.json",
        "b0c06f_2025-06.json",
        "90c06f_2026-01.json",
        "90c06f_2026-02.json",
    ];
    let all = Collateral {
        tdx: names.iter().flat_map(|name| collateral(&folder, name).tdx).collect(),
        ..Collateral::none()
    };
    for (at, name) in [
        ("2025-06-25T00:00:00Z", "90c06f_2025-06.json"),
        ("2026-02-01T00:00:00Z", "90c06f_2026-01.json"),
        ("2026-03-01T00:00:00Z", "90c06f_2026-02.json"),
    ] {
        let now = instant(at).expect("a time");
        let one = judge(&quote, &collateral(&folder, name), now).expect("authentic");
        assert_eq!(judge(&quote, &all, now), Ok(one), "{at}");
    }
}
