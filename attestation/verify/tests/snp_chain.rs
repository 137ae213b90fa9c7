//! From the key that signed to the root: what else is accepted, what else is not, and what a cache may remember.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

mod snp_support;

use orv_evidence::{Platform, UnixTime};
use orv_simulator::RevocationList;
use orv_simulator::snp::{Chip, Evidence, Kind, Product, Report, Vendor, Version, extension, root_der};
use orv_simulator::x509::{Extension, KeyPair, SignatureAlgorithm, ToBeSigned, TrailerField};
use orv_verify::snp::{EndorsementKind, Link};
use orv_verify::{
    Cache, CheckName, CheckResult, ExpectedBinding, Policy, Roots, SnpError, Verified, VerifyError, verify,
};
use snp_support::simulated::{DAY, NOW, bent, collateral, genuine, judge, judge_at, roots, signed};
use snp_support::{check, failed, one, refused, result};

fn vendor() -> Vendor {
    Vendor::published(Product::Genoa).expect("the committed keys")
}

fn report() -> Report {
    Report::genuine(Product::Genoa, Version::Five)
}

/// A key whose certificate is bent before the ASK signs it.
fn chip(bend: impl FnOnce(&mut ToBeSigned)) -> Chip {
    let (vendor, report) = (vendor(), report());
    let mut contents = vendor.vcek(&report.reported_tcb, &report.chip_id, NOW.minus_seconds(DAY));
    bend(&mut contents);
    vendor.endorse(&contents).expect("randomness")
}

fn with_certificate(bend: impl FnOnce(&mut ToBeSigned)) -> Evidence {
    signed(&vendor(), &chip(bend), &report())
}

fn with_list(mut evidence: Evidence, serial_numbers: Vec<Vec<u8>>, next_update: UnixTime) -> Evidence {
    let list = RevocationList {
        this_update: NOW.minus_seconds(DAY),
        next_update,
        serial_numbers,
    };
    evidence.revocation_lists = vec![vendor().ark.publish(&list).expect("randomness")];
    evidence
}

#[test]
fn both_of_amds_encodings_are_signatures() {
    for trailer in [TrailerField::Absent, TrailerField::Explicit] {
        let algorithm = SignatureAlgorithm::RsaPssSha384 { salt: 48, trailer };
        let evidence = with_certificate(|contents| contents.algorithm = algorithm);
        assert!(judge(&evidence).is_ok(), "{trailer:?}");
    }
}

#[test]
fn a_chips_identifier_may_stand_in_an_octet_string() {
    let wrapped = |bytes: &[u8]| {
        let mut value = vec![0x04, u8::try_from(bytes.len()).expect("short")];
        value.extend(bytes);
        let extension = Extension::optional(&extension::HARDWARE_ID, value);
        with_certificate(|contents| {
            let same = |own: &&mut Extension| own.identifier == extension.identifier;
            *contents.extensions.iter_mut().find(same).expect("the extension") = extension.clone();
        })
    };
    assert!(judge(&wrapped(&report().chip_id)).is_ok());
    let short = refused(judge(&wrapped(&report().chip_id[..63])));
    assert!(matches!(short, SnpError::Malformed { .. }), "{short}");
    let error = refused(judge(&wrapped(&[7; 64])));
    assert!(matches!(error, SnpError::Chip { .. }), "{error}");
}

#[test]
fn turins_chip_identifier_ends_in_zeros() {
    let vendor = Vendor::published(Product::Turin).expect("the committed keys");
    let chip = vendor.chip(NOW.minus_seconds(DAY)).expect("randomness");
    let mut report = Report::genuine(Product::Turin, Version::Five);
    assert!(judge(&signed(&vendor, &chip, &report)).is_ok());
    report.chip_id[63] = 1;
    let error = refused(judge(&signed(&vendor, &chip, &report)));
    assert!(matches!(error, SnpError::Chip { .. }), "{error}");
}

#[test]
fn a_reserved_version_of_the_firmware_is_compared_too() {
    let mut report = report();
    report.reported_tcb.reserved = [1, 0, 0];
    let error = refused(judge(&signed(&vendor(), &chip(|_| ()), &report)));
    assert!(matches!(error, SnpError::Firmware { .. }), "{error}");
}

#[test]
fn a_key_that_may_sign_certificates_signs_no_report() {
    let evidence = with_certificate(|contents| contents.extensions.push(Extension::authority(None)));
    assert_eq!(
        refused(judge(&evidence)),
        SnpError::Usage(Link::Key(EndorsementKind::Vcek))
    );
}

#[test]
fn a_loaded_key_names_its_provider() {
    let vendor = vendor();
    let mut contents = vendor.vlek(&report().reported_tcb, "CN=nobody", NOW.minus_seconds(DAY));
    contents
        .extensions
        .retain(|extension| extension.identifier != extension::PROVIDER);
    let chip = vendor.endorse(&contents).expect("randomness");
    let report = Report::genuine_under_vlek(Product::Genoa, Version::Five);
    let mut evidence = signed(&vendor, &chip, &report);
    evidence.intermediate = vendor.asvk.certificate;
    assert_eq!(refused(judge(&evidence)), SnpError::MissingExtension("cspID"));
}

#[test]
fn without_the_simulators_root_nothing_simulated_is_authentic() {
    let evidence = genuine(Product::Genoa, Version::Five, Kind::Vcek);
    let under = |roots: &Roots, platform| {
        verify(
            &evidence.report,
            &collateral(&evidence),
            NOW,
            roots,
            &Policy::built_in(),
            &ExpectedBinding::Unknown(platform),
        )
    };
    assert_eq!(
        under(&Roots::production(), Platform::SimSnp),
        Err(VerifyError::NoRoot(Platform::SimSnp))
    );
    let milan = Roots::with_simulator(root_der(Product::Milan)).expect("a root");
    let error = refused(under(&milan, Platform::SimSnp));
    assert_eq!(error.to_string(), "no root is trusted for Genoa");
    let error = refused(under(&roots(), Platform::Snp));
    assert!(
        matches!(error, SnpError::Issuer { .. } | SnpError::CertificateSignature(_)),
        "{error}"
    );
}

#[test]
fn a_real_report_is_no_simulated_one() {
    let Some(vector) = one("genoa_v5") else { return };
    let judged = verify(
        &vector.report,
        &vector.collateral(),
        vector.a_valid_second(),
        &roots(),
        &Policy::built_in(),
        &ExpectedBinding::Unknown(Platform::SimSnp),
    );
    let error = refused(judged);
    assert!(matches!(error, SnpError::NoAuthority { .. }), "{error}");
}

#[test]
fn an_authority_that_nobody_gave_is_named() {
    let evidence = genuine(Product::Genoa, Version::Five, Kind::Vcek);
    let judged = verify(
        &evidence.report,
        &snp_support::collateral(&[&evidence.vek]),
        NOW,
        &roots(),
        &Policy::built_in(),
        &ExpectedBinding::Unknown(Platform::SimSnp),
    );
    assert_eq!(
        refused(judged).to_string(),
        "no certificate of \"SEV-Genoa\" among 1 certificates"
    );
}

/// Evidence with these certificates beside its own, given before them.
fn beside(evidence: &Evidence, others: &[&[u8]]) -> Result<Verified, VerifyError> {
    let mut certificates = others.to_vec();
    certificates.extend([evidence.vek.as_slice(), &evidence.intermediate]);
    verify(
        &evidence.report,
        &snp_support::collateral(&certificates),
        NOW,
        &roots(),
        &Policy::built_in(),
        &ExpectedBinding::Unknown(Platform::SimSnp),
    )
}

#[test]
fn what_else_lies_beside_the_certificates_does_not_matter() {
    let evidence = genuine(Product::Genoa, Version::Five, Kind::Vcek);
    let same_claims = chip(|_| ());
    let foreign = {
        let vendor = vendor();
        let contents = vendor.intermediate(Kind::Vcek);
        let signer = vendor.asvk;
        signer
            .certify(&contents, vendor.ask.key)
            .expect("randomness")
            .certificate
    };
    let turin = genuine(Product::Turin, Version::Five, Kind::Vcek);
    let judged = beside(
        &evidence,
        &[
            b"junk",
            &same_claims.vek.certificate,
            &foreign,
            &turin.vek,
            &evidence.root,
        ],
    );
    assert_eq!(failed(&judged.expect("authentic")), []);
    let many = vec![b"junk".as_slice(); 63];
    assert_eq!(refused(beside(&evidence, &many)), SnpError::Certificates(65));
}

#[test]
fn revocation_that_was_not_checked_is_said() {
    let evidence = bent(|_| ());
    let verified = judge(&evidence).expect("authentic");
    assert_eq!(result(&verified, CheckName::Revocation), CheckResult::Skipped);
    let turin = genuine(Product::Turin, Version::Five, Kind::Vcek);
    let mut beside_anothers = evidence;
    beside_anothers.revocation_lists = turin.revocation_lists;
    let verified = judge(&beside_anothers).expect("authentic");
    assert_eq!(result(&verified, CheckName::Revocation), CheckResult::Skipped);
}

#[test]
fn a_revoked_loaded_key_is_refused_and_a_chips_with_the_same_number_is_not() {
    let revoked = vec![vec![0]];
    let vlek = with_list(genuine(Product::Genoa, Version::Five, Kind::Vlek), revoked.clone(), NOW);
    assert_eq!(
        refused(judge(&vlek)),
        SnpError::Revoked(Link::Key(EndorsementKind::Vlek))
    );
    let vcek = with_list(genuine(Product::Genoa, Version::Five, Kind::Vcek), revoked, NOW);
    assert!(judge(&vcek).is_ok(), "all of AMD's keys have the serial number 0");
}

#[test]
fn a_root_that_revokes_itself_is_refused() {
    let evidence = snp_support::simulated::genuine(Product::Genoa, Version::Five, Kind::Vcek);
    let serial_number = vendor().ark.serial_number();
    let judged = judge(&with_list(evidence, vec![serial_number], NOW.plus_seconds(60)));
    assert_eq!(judged, Err(VerifyError::Snp(SnpError::Revoked(Link::Root))));
}

#[test]
fn what_is_built_on_a_list_ends_with_it() {
    let end = NOW.plus_seconds(3 * DAY);
    let verified = judge(&with_list(bent(|_| ()), Vec::new(), end)).expect("authentic");
    assert_eq!(verified.claims().validity.not_after, end);
    let freshness = check(&verified, CheckName::Freshness);
    assert!(freshness.detail.contains("259200 s"), "{}", freshness.detail);
    let without = judge(&bent(|_| ())).expect("authentic");
    assert!(without.claims().validity.not_after > end);
}

#[test]
fn a_cache_changes_no_verdict() {
    let mut cache = Cache::new();
    for product in Product::ALL {
        for kind in [Kind::Vcek, Kind::Vlek] {
            let evidence = genuine(product, Version::Five, kind);
            let mut judge = |now| judge_at(&evidence, now, &Policy::built_in(), &mut cache);
            let cold = judge(NOW).expect("authentic");
            assert_eq!(judge(NOW).expect("authentic"), cold);
            let mut other = evidence.clone();
            other.report[0x90] ^= 1;
            let refusal = refused(judge_at(&other, NOW, &Policy::built_in(), &mut cache));
            assert_eq!(refusal, SnpError::Signature, "never remembered");
        }
    }
}

#[test]
fn a_cache_forgives_nothing_that_ended() {
    let mut cache = Cache::new();
    let evidence = with_list(
        genuine(Product::Genoa, Version::Five, Kind::Vcek),
        Vec::new(),
        NOW.plus_seconds(DAY),
    );
    let mut judge = |now| judge_at(&evidence, now, &Policy::built_in(), &mut cache);
    assert!(judge(NOW).is_ok());
    assert!(judge(NOW.plus_seconds(DAY)).is_ok());
    let stale = refused(judge(NOW.plus_seconds(DAY + 1)));
    assert!(matches!(stale, SnpError::StaleRevocationList { .. }), "{stale}");
    let expired = refused(judge(UnixTime::from_seconds(2_524_608_000)));
    assert!(matches!(expired, SnpError::Expired { .. }), "{expired}");
}

#[test]
fn a_cache_hides_no_revocation() {
    let mut cache = Cache::new();
    let evidence = bent(|_| ());
    let mut judge = |evidence: &Evidence| judge_at(evidence, NOW, &Policy::built_in(), &mut cache);
    assert!(judge(&evidence).is_ok());
    let revoked = with_list(evidence, vec![vendor().ask.serial_number()], NOW.plus_seconds(DAY));
    assert_eq!(
        refused(judge(&revoked)),
        SnpError::Revoked(Link::Authority(EndorsementKind::Vcek))
    );
}

#[test]
fn a_key_of_another_kind_is_no_authority() {
    let vendor = vendor();
    let elliptic = KeyPair::generate().expect("randomness");
    let ask = vendor
        .ark
        .certify(&vendor.intermediate(Kind::Vcek), elliptic)
        .expect("randomness");
    let mut evidence = bent(|_| ());
    evidence.intermediate = ask.certificate;
    let error = refused(judge(&evidence));
    assert!(
        matches!(
            error,
            SnpError::Malformed {
                certificate: Link::Authority(_),
                ..
            }
        ),
        "{error}"
    );
}
