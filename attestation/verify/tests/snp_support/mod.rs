//! Real reports of AMD's hardware, as the published vectors have them.

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
pub mod simulated;

use orv_evidence::{Platform, UnixTime};
use orv_verify::{
    Check, CheckName, CheckResult, Collateral, ExpectedBinding, Policy, Roots, SnpClaims, SnpError, Verified,
    VerifyError, instant, verify,
};
use serde_json::Value;

pub use published_vectors::{json, vectors};

/// One published report with its key's certificate and what is expected of it.
pub struct Published {
    pub name: String,
    pub report: Vec<u8>,
    pub certificate: Vec<u8>,
    pub expected: Value,
}

impl Published {
    pub fn verdict(&self) -> &str {
        self.expected["verdict"].as_str().expect("a verdict")
    }

    /// A second in which the key's certificate is valid.
    pub fn a_valid_second(&self) -> UnixTime {
        match self.expected["cert_from"].as_str() {
            Some(from) => instant(&from.replace("+00:00", "Z"))
                .expect("a moment")
                .plus_seconds(86_400),
            // The one whose key is not published: the certificate beside it is valid from 2023-07-19 on.
            None => instant("2024-01-01T00:00:00Z").expect("a moment"),
        }
    }

    pub fn collateral(&self) -> Collateral {
        collateral(&[&self.certificate])
    }
}

/// Every published report; none without the vectors.
pub fn published() -> Vec<Published> {
    let Some(folder) = vectors() else { return Vec::new() };
    let rows = json(&folder, "expected.json");
    let rows = rows["snp"].as_array().expect("rows");
    rows.iter()
        .map(|row| {
            let file = row["file"].as_str().expect("a file");
            Published {
                name: file.to_owned(),
                report: std::fs::read(folder.join(file)).expect("a report"),
                certificate: std::fs::read(folder.join(file.replace(".report", ".vek.der"))).expect("a certificate"),
                expected: row.clone(),
            }
        })
        .collect()
}

/// The published report whose name holds `part`; nothing without the vectors.
pub fn one(part: &str) -> Option<Published> {
    let mut all = published();
    let position = all.iter().position(|published| published.name.contains(part));
    assert!(all.is_empty() || position.is_some(), "no vector {part}");
    position.map(|position| all.swap_remove(position))
}

pub fn collateral(certificates: &[&[u8]]) -> Collateral {
    let mut collateral = Collateral::none();
    collateral.certificates = certificates.iter().map(|der| der.to_vec()).collect();
    collateral
}

/// A real report under the built-in policy, bound to nothing that is known.
pub fn judge(report: &[u8], collateral: &Collateral, now: UnixTime) -> Result<Verified, VerifyError> {
    judge_by(report, collateral, now, &Policy::built_in())
}

pub fn judge_by(
    report: &[u8],
    collateral: &Collateral,
    now: UnixTime,
    policy: &Policy,
) -> Result<Verified, VerifyError> {
    let expected = ExpectedBinding::Unknown(Platform::Snp);
    verify(report, collateral, now, &Roots::production(), policy, &expected)
}

/// Why a report is not authentic.
pub fn refused(judged: Result<Verified, VerifyError>) -> SnpError {
    match judged {
        Err(VerifyError::Snp(error)) => error,
        other => panic!("{other:?}"),
    }
}

pub fn claims(verified: &Verified) -> &SnpClaims {
    match &verified.claims().hardware {
        orv_verify::Hardware::Snp(claims) => claims,
        other => panic!("{other:?}"),
    }
}

pub fn check(verified: &Verified, name: CheckName) -> &Check {
    verified
        .checks()
        .iter()
        .find(|check| check.name == name)
        .expect("the check was made")
}

pub fn result(verified: &Verified, name: CheckName) -> CheckResult {
    check(verified, name).result
}

/// The checks that failed for an authentic report.
pub fn failed(verified: &Verified) -> Vec<CheckName> {
    let failed = verified.acceptable().err();
    failed
        .iter()
        .flat_map(|refused| refused.failed.iter().map(|check| check.name))
        .collect()
}
