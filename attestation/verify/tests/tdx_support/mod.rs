//! Quotes to judge: real ones, as the published vectors have them, and simulated ones, bent as a test needs them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    dead_code,
    unused_imports
)]

#[path = "../published_vectors/mod.rs"]
#[allow(clippy::duplicate_mod, reason = "one test has both kinds of hardware")]
mod published_vectors;

use std::path::Path;

use orv_evidence::{Platform, UnixTime};
use orv_verify::{
    Check, CheckName, CheckResult, Collateral, ExpectedBinding, Hardware, Policy, Roots, TdxClaims, TdxCollateral,
    Verified, VerifyError, verify,
};

pub use published_vectors::{json, text, vectors};

pub fn collateral(folder: &Path, name: &str) -> Collateral {
    let bytes = std::fs::read(folder.join("tdx/collateral").join(name)).expect("collateral");
    Collateral {
        tdx: vec![TdxCollateral::from_json(&bytes).expect("collateral of the usual shape")],
        ..Collateral::none()
    }
}

pub fn judge(quote: &[u8], collateral: &Collateral, now: UnixTime) -> Result<Verified, VerifyError> {
    verify(
        quote,
        collateral,
        now,
        &Roots::production(),
        &Policy::built_in(),
        &ExpectedBinding::Unknown(Platform::Tdx),
    )
}

pub fn read(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join("tdx").join(name)).expect("a quote")
}

pub fn tdx(verified: &Verified) -> &TdxClaims {
    match &verified.claims().hardware {
        Hardware::Tdx(claims) => claims,
        other => panic!("another platform's claims: {other:?}"),
    }
}

pub fn result(checks: &[Check], name: CheckName) -> CheckResult {
    let check = checks.iter().find(|check| check.name == name);
    check.expect("the check was made").result
}

pub fn failed(verified: &Verified) -> Vec<CheckName> {
    let failed = verified
        .checks()
        .iter()
        .filter(|check| check.result == CheckResult::Fail);
    failed.map(|check| check.name).collect()
}

/// When the simulated machine is judged.
pub const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);

/// The pinned roots, and the simulator's for TDX.
pub fn roots() -> Roots {
    Roots::with_simulator(orv_simulator::tdx::root_der()).expect("the simulator's root")
}

pub fn set(collateral: &orv_simulator::tdx::Collateral) -> TdxCollateral {
    TdxCollateral::from_json(collateral.to_json().as_bytes()).expect("collateral of the usual shape")
}

/// Simulated evidence as a verifier gets it.
pub fn given(evidence: &orv_simulator::tdx::Evidence) -> (Vec<u8>, Collateral) {
    let collateral = Collateral {
        tdx: vec![set(&evidence.collateral)],
        ..Collateral::none()
    };
    (evidence.quote.encode(), collateral)
}

pub fn judge_simulated(
    quote: &[u8],
    collateral: &Collateral,
    now: UnixTime,
    policy: &Policy,
) -> Result<Verified, VerifyError> {
    let expected = ExpectedBinding::Unknown(Platform::SimTdx);
    verify(quote, collateral, now, &roots(), policy, &expected)
}
