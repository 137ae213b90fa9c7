//! No byte that counts can be changed, and no bytes make the verifier panic.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

mod snp_support;

use orv_evidence::{Platform, UnixTime};
use orv_simulator::snp::{Evidence, Kind, Product, Version};
use orv_verify::{
    Cache, CheckName, CheckResult, Collateral, ExpectedBinding, Policy, Roots, VerifyError, claimed_time, fields,
    verify,
};
use proptest::prelude::*;
use snp_support::simulated::{NOW, genuine, judge, judge_at, roots};
use snp_support::{one, result};

/// One report of each version, among them one of each product and kind of key.
const DOCUMENTS: [&str; 4] = ["milan_v2_virtee", "milan_v3_aws_vlek", "genoa_v5", "turin_v5"];

#[test]
fn no_byte_of_a_real_report_can_be_changed() {
    for name in DOCUMENTS {
        let Some(mut vector) = one(name) else { return };
        let (collateral, now) = (vector.collateral(), vector.a_valid_second());
        assert!(snp_support::judge(&vector.report, &collateral, now).is_ok());
        for place in 0..vector.report.len() {
            let mask = 1 << (place % 8);
            vector.report[place] ^= mask;
            let judged = snp_support::judge(&vector.report, &collateral, now);
            assert!(judged.is_err(), "{name}: byte {place:#x}");
            vector.report[place] ^= mask;
        }
    }
}

#[test]
fn no_byte_of_a_real_certificate_can_be_changed() {
    for name in DOCUMENTS {
        let Some(mut vector) = one(name) else { return };
        let now = vector.a_valid_second();
        for place in 0..vector.certificate.len() {
            let mask = 1 << (place % 8);
            vector.certificate[place] ^= mask;
            let judged = snp_support::judge(&vector.report, &vector.collateral(), now);
            assert!(judged.is_err(), "{name}: byte {place:#x}");
            vector.certificate[place] ^= mask;
        }
    }
}

#[test]
fn no_changed_byte_of_an_authority_or_list_passes_for_the_vendors() {
    let evidence = genuine(Product::Genoa, Version::Five, Kind::Vcek);
    let mut changed = evidence.clone();
    for place in 0..evidence.intermediate.len() {
        changed.intermediate[place] ^= 1;
        assert!(judge(&changed).is_err(), "authority: byte {place:#x}");
        changed.intermediate[place] ^= 1;
    }
    for place in 0..evidence.revocation_lists[0].len() {
        changed.revocation_lists[0][place] ^= 1;
        // A list in another's name is nobody's, and the check says that nothing was checked.
        let passed =
            judge(&changed).is_ok_and(|verified| result(&verified, CheckName::Revocation) == CheckResult::Pass);
        assert!(!passed, "list: byte {place:#x}");
        changed.revocation_lists[0][place] ^= 1;
    }
}

fn try_everything(report: &[u8], collateral: &Collateral, now: u64) -> Result<(), VerifyError> {
    let now = UnixTime::from_seconds(now);
    let _ = fields(report, Platform::Snp);
    let _ = claimed_time(report, Platform::Snp);
    for (platform, roots) in [(Platform::Snp, Roots::production()), (Platform::SimSnp, roots())] {
        let expected = ExpectedBinding::Unknown(platform);
        verify(report, collateral, now, &roots, &Policy::built_in(), &expected)?;
    }
    Ok(())
}

/// Genuine evidence of the simulator's, for changes to begin with.
fn evidence() -> impl Strategy<Value = Evidence> {
    let product = prop::sample::select(Product::ALL.to_vec());
    let version = prop::sample::select(Version::ALL.to_vec());
    (product, version).prop_map(|(product, version)| genuine(product, version, Kind::Vcek))
}

fn changes(most: usize) -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..most)
}

fn change(bytes: &mut [u8], changes: &[(prop::sample::Index, u8)]) {
    for (place, value) in changes {
        let place = place.index(bytes.len());
        bytes[place] = *value;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_are_a_report(bytes in prop::collection::vec(any::<u8>(), 0..1300), now: u64) {
        prop_assert!(try_everything(&bytes, &Collateral::none(), now).is_err());
    }

    #[test]
    fn no_certificates_and_lists_make_a_panic(
        certificates in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..4),
        lists in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..4),
        evidence in evidence(),
    ) {
        let mut collateral = Collateral::none();
        collateral.certificates = certificates;
        collateral.certificates.extend([evidence.vek, evidence.intermediate]);
        collateral.revocation_lists = lists;
        let _ = try_everything(&evidence.report, &collateral, NOW.seconds());
    }

    #[test]
    fn changed_evidence_is_refused(mut evidence in evidence(), changes in changes(6), part in 0..4_u8) {
        let genuine = evidence.clone();
        match part {
            0 => change(&mut evidence.report, &changes),
            1 => change(&mut evidence.vek, &changes),
            2 => change(&mut evidence.intermediate, &changes),
            _ => change(&mut evidence.revocation_lists[0], &changes),
        }
        let judged = judge_at(&evidence, NOW, &Policy::built_in(), &mut Cache::new());
        let passed = judged.is_ok_and(|verified| result(&verified, CheckName::Revocation) == CheckResult::Pass);
        prop_assert_eq!(passed, evidence == genuine);
    }

    #[test]
    fn evidence_cut_short_is_refused(mut evidence in evidence(), part in 0..3_u8, end: prop::sample::Index) {
        let cut = match part {
            0 => &mut evidence.report,
            1 => &mut evidence.vek,
            _ => &mut evidence.intermediate,
        };
        cut.truncate(end.index(cut.len()));
        prop_assert!(judge_at(&evidence, NOW, &Policy::built_in(), &mut Cache::new()).is_err());
    }
}
