//! A cache changes no verdict: not for evidence with one thing wrong, not for evidence of before, at no time.

#![allow(clippy::expect_used, clippy::panic)]

mod snp_support;
mod support;
mod tdx_support;

use orv_evidence::{Platform, UnixTime};
use orv_simulator::{NitroDefect, NitroEvidence, snp, tdx};
use orv_verify::{Cache, Collateral, ExpectedBinding, Policy, Roots, Verified, VerifyError, verify, verify_with};
use support::{NOW, binding, nitro};

/// One piece of evidence with all that a verifier needs beside it.
struct Given {
    platform: Platform,
    name: String,
    evidence: Vec<u8>,
    collateral: Collateral,
}

fn nitro_given(name: String, evidence: NitroEvidence) -> Given {
    Given {
        platform: Platform::SimNitro,
        name,
        evidence: evidence.document,
        collateral: Collateral {
            revocation_lists: evidence.revocation_lists,
            ..Collateral::none()
        },
    }
}

fn tdx_given(name: String, evidence: &tdx::Evidence) -> Given {
    let (evidence, collateral) = tdx_support::given(evidence);
    Given {
        platform: Platform::SimTdx,
        name,
        evidence,
        collateral,
    }
}

fn snp_given(name: String, evidence: snp::Evidence) -> Given {
    Given {
        platform: Platform::SimSnp,
        name,
        evidence: evidence.report,
        collateral: Collateral {
            certificates: vec![evidence.vek, evidence.intermediate],
            revocation_lists: evidence.revocation_lists,
            ..Collateral::none()
        },
    }
}

/// Genuine evidence first and last, and between them everything that the simulator can make wrong.
fn catalogue() -> Vec<Given> {
    let genuine = || {
        let document = NitroEvidence::genuine(&nitro(), &binding(), NOW).expect("randomness");
        let unlisted = NitroEvidence {
            revocation_lists: Vec::new(),
            ..document.clone()
        };
        let quote = tdx::Evidence::genuine(tdx::Layout::Version5Td15, NOW).expect("randomness");
        let report = snp_support::simulated::genuine(snp::Product::Genoa, snp::Version::ALL[3], snp::Kind::Vcek);
        [
            nitro_given("genuine".to_owned(), document),
            nitro_given("genuine, without lists".to_owned(), unlisted),
            tdx_given("genuine".to_owned(), &quote),
            snp_given("genuine".to_owned(), report),
        ]
    };
    let mut all: Vec<Given> = genuine().into();
    for defect in NitroDefect::ALL {
        let evidence = defect.forge(&nitro(), &binding(), NOW).expect("randomness");
        let unlisted = NitroEvidence {
            revocation_lists: Vec::new(),
            ..evidence.clone()
        };
        all.push(nitro_given(format!("{defect:?}"), evidence));
        all.push(nitro_given(format!("{defect:?}, without lists"), unlisted));
    }
    for defect in tdx::Defect::all() {
        all.push(tdx_given(
            format!("{defect:?}"),
            &defect.forge(NOW).expect("randomness"),
        ));
    }
    for defect in snp::Defect::all() {
        all.push(snp_given(format!("{defect:?}"), defect.forge(NOW).expect("randomness")));
    }
    all.extend(genuine());
    all
}

fn roots() -> Roots {
    let roots = tdx_support::roots().and_simulator(orv_simulator::root_der());
    snp::Product::ALL
        .into_iter()
        .fold(roots.expect("a root"), |roots, product| {
            roots.and_simulator(snp::root_der(product)).expect("a root")
        })
}

fn cold(given: &Given, roots: &Roots, now: UnixTime) -> Result<Verified, VerifyError> {
    let expected = ExpectedBinding::Unknown(given.platform);
    verify(
        &given.evidence,
        &given.collateral,
        now,
        roots,
        &Policy::built_in(),
        &expected,
    )
}

fn warm(cache: &mut Cache, given: &Given, roots: &Roots, now: UnixTime) -> Result<Verified, VerifyError> {
    let (policy, expected) = (Policy::built_in(), ExpectedBinding::Unknown(given.platform));
    verify_with(
        cache,
        &given.evidence,
        &given.collateral,
        now,
        roots,
        &policy,
        &expected,
    )
}

#[test]
fn whatever_was_seen_before_every_verdict_is_that_of_a_fresh_verifier() {
    let (roots, catalogue) = (roots(), catalogue());
    let mut cache = Cache::new();
    for round in 0..2 {
        for given in &catalogue {
            let judged = warm(&mut cache, given, &roots, NOW);
            assert_eq!(
                judged,
                cold(given, &roots, NOW),
                "{} {}, round {round}",
                given.platform,
                given.name
            );
        }
    }
}

#[test]
fn a_cache_that_was_filled_now_says_the_same_of_every_other_time() {
    let (roots, catalogue) = (roots(), catalogue());
    let mut cache = Cache::new();
    let genuine = || catalogue.iter().filter(|given| given.name.starts_with("genuine"));
    for given in genuine() {
        warm(&mut cache, given, &roots, NOW).expect("authentic");
    }
    for seconds in [
        0,
        NOW.seconds() - 400,
        NOW.seconds() - 200,
        NOW.seconds() + 86_400,
        NOW.seconds() + 40 * 86_400,
        NOW.seconds() + 40 * 365 * 86_400,
        u64::MAX,
    ] {
        let now = UnixTime::from_seconds(seconds);
        for given in genuine() {
            let judged = warm(&mut cache, given, &roots, now);
            assert_eq!(judged, cold(given, &roots, now), "{} at {now}", given.platform);
        }
    }
}
