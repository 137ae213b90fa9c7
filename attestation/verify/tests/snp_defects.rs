//! Everything that the simulator can make wrong, and the step at which it fails.

#![allow(clippy::expect_used, clippy::panic)]

mod snp_support;

use orv_simulator::Standing;
use orv_simulator::snp::defect::{CertificateDefect, GuestDefect, RevocationDefect, SignatureDefect};
use orv_simulator::snp::{Defect, Kind, Product, Version};
use orv_verify::snp::{EndorsementKind, Link};
use orv_verify::{CheckName, CheckResult, SnpError, VerifyError};
use snp_support::simulated::{NOW, genuine, judge};
use snp_support::{failed, result};

#[test]
fn genuine_evidence_of_every_product_version_and_key_is_acceptable() {
    for product in Product::ALL {
        for version in Version::ALL {
            for kind in [Kind::Vcek, Kind::Vlek] {
                let verified = judge(&genuine(product, version, kind)).expect("authentic");
                assert_eq!(failed(&verified), [], "{product:?} {version:?} {kind:?}");
                assert_eq!(result(&verified, CheckName::Revocation), CheckResult::Pass);
            }
        }
    }
}

#[test]
fn every_defect_stands_as_the_catalogue_says() {
    for defect in Defect::all() {
        let judged = judge(&defect.forge(NOW).expect("randomness"));
        match defect.standing() {
            Standing::ByPolicy => assert_eq!(failed(&judged.expect("authentic")), [], "{defect:?}"),
            Standing::NotAcceptable => assert_eq!(failed(&judged.expect("authentic")).len(), 1, "{defect:?}"),
            Standing::NotAuthentic => assert!(judged.is_err(), "{defect:?}"),
        }
    }
}

fn error(defect: Defect) -> SnpError {
    match judge(&defect.forge(NOW).expect("randomness")) {
        Err(VerifyError::Snp(error)) => error,
        other => panic!("{defect:?}: {other:?}"),
    }
}

#[test]
fn what_never_is_acceptable_fails_at_one_check() {
    for (defect, name) in [
        (GuestDefect::Debug, CheckName::DebugMode),
        (GuestDefect::MigrationAgent, CheckName::MigrationAgent),
        (GuestDefect::UnknownPolicyBit, CheckName::GuestPolicy),
        (GuestDefect::ReservedPolicyBitClear, CheckName::GuestPolicy),
        (GuestDefect::CommittedBelowReported, CheckName::TcbOrder),
    ] {
        let judged = judge(&Defect::Guest(defect).forge(NOW).expect("randomness"));
        assert_eq!(failed(&judged.expect("authentic")), [name], "{defect:?}");
    }
}

#[test]
fn a_malformed_report_is_refused_for_its_cause() {
    let error = |defect| error(Defect::Guest(defect));
    assert_eq!(error(GuestDefect::MaskedChip), SnpError::MaskedChip);
    assert_eq!(error(GuestDefect::Unsigned), SnpError::Unsigned);
    assert_eq!(error(GuestDefect::ReservedKey), SnpError::SignerInformation(2 << 2));
    assert_eq!(
        error(GuestDefect::OtherKind),
        SnpError::NoEndorsement {
            kind: EndorsementKind::Vlek,
            given: 2
        }
    );
    assert_eq!(error(GuestDefect::HostPrivilege), SnpError::PrivilegeLevel(u32::MAX));
    assert_eq!(error(GuestDefect::UnknownVersion), SnpError::Version(6));
    assert_eq!(error(GuestDefect::UnknownAlgorithm), SnpError::SignatureAlgorithm(2));
    assert!(matches!(error(GuestDefect::OtherProcessor), SnpError::Product { .. }));
    assert_eq!(
        error(GuestDefect::UnknownProcessor),
        SnpError::Processor([0x17, 0x31, 0])
    );
    assert_eq!(error(GuestDefect::ProcessorInVersionTwo), SnpError::Reserved(0x188));
    assert_eq!(error(GuestDefect::MitigationsInVersionFour), SnpError::Reserved(0x200));
    assert_eq!(error(GuestDefect::ReservedAfterSigner), SnpError::Reserved(0x4f));
    assert_eq!(error(GuestDefect::ReservedAfterStepping), SnpError::Reserved(0x18b));
    assert_eq!(error(GuestDefect::ReservedBeforeSignature), SnpError::Reserved(0x208));
}

#[test]
fn a_signature_that_is_not_the_keys_is_refused() {
    let error = |defect| error(Defect::Signature(defect));
    for defect in [
        SignatureDefect::R,
        SignatureDefect::S,
        SignatureDefect::Zero,
        SignatureDefect::BigEndian,
        SignatureDefect::Measurement,
        SignatureDefect::ReportData,
        SignatureDefect::OtherKey,
    ] {
        assert_eq!(error(defect), SnpError::Signature, "{defect:?}");
    }
    assert_eq!(error(SignatureDefect::PaddingOfR), SnpError::Reserved(0x2a0 + 48));
    assert_eq!(error(SignatureDefect::PaddingOfS), SnpError::Reserved(0x2a0 + 143));
    assert_eq!(error(SignatureDefect::ReservedBegin), SnpError::Reserved(0x2a0 + 144));
    assert_eq!(error(SignatureDefect::ReservedEnd), SnpError::Reserved(1183));
    assert_eq!(error(SignatureDefect::Short), SnpError::Size(1183));
    assert_eq!(error(SignatureDefect::Long), SnpError::Size(1185));
}

#[test]
fn a_certificate_of_another_state_or_place_is_refused() {
    const KEY: Link = Link::Key(EndorsementKind::Vcek);
    const ASK: Link = Link::Authority(EndorsementKind::Vcek);
    let error = |defect| error(Defect::Certificate(defect));
    for defect in [
        CertificateDefect::OtherBootLoader,
        CertificateDefect::OtherTee,
        CertificateDefect::OtherSnp,
        CertificateDefect::OtherMicrocode,
    ] {
        assert!(matches!(error(defect), SnpError::Firmware { .. }), "{defect:?}");
    }
    assert!(matches!(error(CertificateDefect::OtherChip), SnpError::Chip { .. }));
    assert!(matches!(
        error(CertificateDefect::OtherProduct),
        SnpError::Product { .. }
    ));
    assert_eq!(
        error(CertificateDefect::NoMicrocode),
        SnpError::MissingExtension("ucodeSPL")
    );
    assert_eq!(error(CertificateDefect::NoChip), SnpError::MissingExtension("hwID"));
    assert!(matches!(
        error(CertificateDefect::DoubledExtension),
        SnpError::DoubledExtension { certificate: KEY, extension } if extension == "1.3.6.1.4.1.3704.1.3.3"
    ));
    assert!(matches!(
        error(CertificateDefect::UnknownCriticalExtension),
        SnpError::CriticalExtension { certificate: KEY, .. }
    ));
    assert!(matches!(
        error(CertificateDefect::OtherName),
        SnpError::NoEndorsement { .. }
    ));
    assert_eq!(
        error(CertificateDefect::SwappedIssuer),
        SnpError::CertificateSignature(KEY)
    );
    for defect in [CertificateDefect::OtherAlgorithm, CertificateDefect::OtherSalt] {
        assert_eq!(error(defect), SnpError::CertificateAlgorithm(KEY), "{defect:?}");
    }
    assert!(matches!(
        error(CertificateDefect::Expired),
        SnpError::Expired { certificate: KEY, .. }
    ));
    assert!(matches!(
        error(CertificateDefect::Future),
        SnpError::NotYetValid { certificate: KEY, .. }
    ));
    assert!(matches!(
        error(CertificateDefect::OtherProductsIntermediate),
        SnpError::NoAuthority { .. }
    ));
    assert!(matches!(
        error(CertificateDefect::ExpiredIntermediate),
        SnpError::Expired { certificate: ASK, .. }
    ));
    for defect in [
        CertificateDefect::IntermediateWithoutConstraint,
        CertificateDefect::IntermediateWithoutSigning,
    ] {
        assert_eq!(error(defect), SnpError::Usage(ASK), "{defect:?}");
    }
    assert_eq!(
        error(CertificateDefect::ForeignIntermediate),
        SnpError::CertificateSignature(ASK)
    );
}

#[test]
fn a_revocation_list_counts_only_where_the_root_signed_it_and_it_is_current() {
    let error = |defect| error(Defect::Revocation(defect));
    assert_eq!(
        error(RevocationDefect::RevokedIntermediate),
        SnpError::Revoked(Link::Authority(EndorsementKind::Vcek))
    );
    for defect in [RevocationDefect::Expired, RevocationDefect::Future] {
        assert!(
            matches!(error(defect), SnpError::StaleRevocationList { .. }),
            "{defect:?}"
        );
    }
    for defect in [RevocationDefect::Foreign, RevocationDefect::Altered] {
        assert_eq!(error(defect), SnpError::RevocationListSignature(0), "{defect:?}");
    }
    assert!(matches!(
        error(RevocationDefect::Truncated),
        SnpError::MalformedRevocationList { position: 0, .. }
    ));
}
