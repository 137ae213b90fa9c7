//! Each check fails for what it is there for: simulated evidence with one thing wrong, and everything else genuine.

#![allow(clippy::expect_used, clippy::panic)]

mod tdx_support;

use orv_simulator::Standing;
use orv_simulator::tdx::{Defect, Evidence, Layout};
use orv_verify::{CheckResult, Policy, VerifyError};
use tdx_support::{NOW, given, judge_simulated};

/// What is wrong, and the check that has to say so.
const TABLE: &[(&str, &str)] = &[
    ("Domain(Debug)", "debug-mode"),
    ("Domain(UntrustedReservedBit)", "debug-mode"),
    ("Domain(ReservedAttribute)", "attributes"),
    ("Domain(NoSeptVeDisable)", "sept-ve-disable"),
    ("Domain(Migratable)", "migratable"),
    ("Domain(Perfmon)", "performance-counters"),
    ("Domain(ServiceTd)", "service-domain"),
    ("Domain(ServiceTdExtension)", "service-domain"),
    ("Domain(OldModule)", "tcb-status"),
    ("Domain(OldModuleAtLaunch)", "tcb-status"),
    ("Domain(AncientModule)", "tcb-level"),
    ("Domain(UnknownModule)", "tcb-level"),
    ("Domain(ForeignModule)", "tcb-level"),
    ("Domain(ModuleAttributes)", "tcb-level"),
    ("Domain(SgxTee)", "format"),
    ("Domain(ForeignQuotingEnclave)", "format"),
    ("Domain(OtherKeyType)", "format"),
    ("Domain(OtherVersion)", "format"),
    ("Collateral(RevokedPck)", "revocation"),
    ("Collateral(RevokedPckAuthority)", "revocation"),
    ("Collateral(RevokedTcbSigning)", "revocation"),
    ("Collateral(ExpiredTcbInfo)", "collateral"),
    ("Collateral(ExpiredQeIdentity)", "collateral"),
    ("Collateral(ExpiredPckList)", "collateral"),
    ("Collateral(ExpiredRootList)", "collateral"),
    ("Collateral(FutureTcbInfo)", "collateral"),
    ("Collateral(FutureQeIdentity)", "collateral"),
    ("Collateral(OtherPckList)", "collateral"),
    ("Collateral(OtherModel)", "collateral"),
    ("Collateral(OtherPce)", "collateral"),
    ("Collateral(SgxTcbInfo)", "collateral"),
    ("Collateral(SgxQeIdentity)", "collateral"),
    ("Collateral(NoLevel)", "tcb-level"),
    ("Collateral(OnlyNewerLevels)", "tcb-level"),
    ("Collateral(RevokedLevel)", "tcb-level"),
    ("Collateral(RevokedModule)", "tcb-level"),
    ("Collateral(RevokedQe)", "tcb-level"),
    ("Collateral(UnheardOfStatus)", "collateral"),
    ("Collateral(OtherQeSigner)", "quoting-enclave"),
    ("Collateral(OtherQeProduct)", "quoting-enclave"),
    ("Collateral(NoQeLevel)", "tcb-level"),
    ("Collateral(OutOfDate)", "tcb-status"),
    ("Collateral(OutOfDateQe)", "tcb-status"),
    ("Collateral(ConfigurationNeeded)", "tcb-status"),
    ("Collateral(ConfigurationAndSoftwareHardeningNeeded)", "tcb-status"),
    ("Collateral(OutOfDateConfigurationNeeded)", "tcb-status"),
    ("Collateral(SoftwareHardeningNeeded)", "tcb-status"),
    ("Chain(ForeignRoot)", "certificate-chain"),
    ("Chain(ExpiredPck)", "certificate-chain"),
    ("Chain(FuturePck)", "certificate-chain"),
    ("Chain(ExpiredPckAuthority)", "certificate-chain"),
    ("Chain(ExpiredTcbSigning)", "collateral"),
    ("Chain(SwappedPckAuthority)", "certificate-chain"),
    ("Chain(PckAuthorityWithoutConstraint)", "certificate-chain"),
    ("Chain(PckAuthorityWithoutSigning)", "certificate-chain"),
    ("Chain(NoSgxExtension)", "certificate-chain"),
    ("Chain(UnknownCriticalExtension)", "certificate-chain"),
    ("Chain(CollateralSignedByPck)", "certificate-chain"),
    ("Chain(ReversedChain)", "certificate-chain"),
    ("Chain(NoPckAuthority)", "certificate-chain"),
    ("Signature(Quote)", "document-signature"),
    ("Signature(Body)", "document-signature"),
    ("Signature(OtherAttestationKey)", "quoting-enclave"),
    ("Signature(Authentication)", "quoting-enclave"),
    ("Signature(QuotingEnclave)", "quoting-enclave"),
    ("Signature(QuotingEnclaveTail)", "quoting-enclave"),
    ("Signature(DebugQuotingEnclave)", "quoting-enclave"),
    ("Signature(OtherPlatform)", "quoting-enclave"),
    ("Signature(OtherCertification)", "format"),
    ("Signature(OtherOuterCertification)", "format"),
    ("Signature(Truncated)", "certificate-chain"),
    ("Signature(TcbInfo)", "collateral"),
    ("Signature(QeIdentity)", "collateral"),
    ("Signature(PckList)", "collateral"),
    ("Signature(RootList)", "collateral"),
];

/// What is wrong only for a policy that asks for it: the tests of policies show these.
const ASKED_FOR: &[&str] = &[
    "Domain(ConfigurationIdentity)",
    "Domain(Owner)",
    "Domain(OwnerConfiguration)",
    "Collateral(OldEvaluation)",
];

fn failing(quote: &[u8], collateral: &orv_verify::Collateral) -> (Standing, Vec<String>) {
    match judge_simulated(quote, collateral, NOW, &Policy::built_in()) {
        Ok(verified) => {
            let failed = verified
                .checks()
                .iter()
                .filter(|check| check.result == CheckResult::Fail);
            let failed: Vec<_> = failed.map(|check| check.name.to_string()).collect();
            let standing = if failed.is_empty() {
                Standing::ByPolicy
            } else {
                Standing::NotAcceptable
            };
            (standing, failed)
        }
        Err(error @ VerifyError::Tdx(_)) => (Standing::NotAuthentic, vec![error.check().name.to_string()]),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn evidence_without_a_defect_passes_in_every_layout() {
    for layout in Layout::ALL {
        let (quote, collateral) = given(&Evidence::genuine(layout, NOW).expect("randomness"));
        assert_eq!(
            failing(&quote, &collateral),
            (Standing::ByPolicy, Vec::new()),
            "{layout:?}"
        );
    }
}

#[test]
fn every_defect_fails_at_its_check_and_at_no_other() {
    let mut seen = 0;
    for defect in Defect::all() {
        let name = format!("{defect:?}");
        let (quote, collateral) = given(&defect.forge(NOW).expect("randomness"));
        let (standing, failed) = failing(&quote, &collateral);
        if ASKED_FOR.contains(&name.as_str()) {
            assert_eq!((standing, failed), (Standing::ByPolicy, Vec::new()), "{name}");
            continue;
        }
        let row = TABLE.iter().find(|(row, _)| *row == name);
        let (_, check) = row.unwrap_or_else(|| panic!("{name} is not in the table; it failed at {failed:?}"));
        assert_eq!(failed, [*check], "{name}");
        let authentic = standing != Standing::NotAuthentic;
        assert_eq!(authentic, defect.standing() != Standing::NotAuthentic, "{name}");
        seen += 1;
    }
    assert_eq!(seen, TABLE.len(), "rows without a defect");
}
