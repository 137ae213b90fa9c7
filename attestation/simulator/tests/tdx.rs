//! Simulated TDX evidence, read and verified by an implementation of somebody else: the `dcap-qvl` crate under the
//! simulated root.

#![allow(clippy::expect_used, clippy::panic)]

use dcap_qvl::QuoteCollateralV3;
use dcap_qvl::quote::Report;
use dcap_qvl::verify::{QuoteVerifier, VerifiedReport};
use orv_evidence::{Binding, Collector, Platform, UnixTime};
use orv_simulator::tdx::defect::{ChainDefect, CollateralDefect, DomainDefect, SignatureDefect};
use orv_simulator::tdx::{
    CollateralContents, Defect, Evidence, Layout, Machine, MachineContents, PckAuthority, Quote, SimulatedTdx,
    TcbStatus, Vendor, attributes, root_der,
};
use orv_simulator::{KeyPair, Measured, Standing};

const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);

fn vendor() -> Vendor {
    Vendor::published().expect("the committed keys open")
}

fn machine(vendor: &Vendor) -> Machine {
    vendor.machine(&MachineContents::genuine(NOW)).expect("machine")
}

/// The other implementation's verdict: status and report, or its message.
fn verdict(quote: &[u8], collateral: &str, now: UnixTime) -> Result<VerifiedReport, String> {
    let collateral: QuoteCollateralV3 = serde_json::from_str(collateral).expect("collateral of the usual shape");
    QuoteVerifier::new(root_der().to_vec())
        .verify(quote, &collateral, now.seconds())
        .map_err(|error| format!("{error:#}"))
}

/// The verdict on a changed quote under changed collateral.
fn forged(quote: impl FnOnce(&mut Quote), collateral: impl FnOnce(&mut CollateralContents)) -> Result<String, String> {
    let vendor = vendor();
    let (mut unsigned, mut contents) = (Quote::genuine(Layout::Version5Td15), CollateralContents::genuine(NOW));
    quote(&mut unsigned);
    collateral(&mut contents);
    let signed = machine(&vendor).sign(&unsigned).expect("signature").encode();
    let collateral = vendor.collateral(&contents).expect("signature").to_json();
    verdict(&signed, &collateral, NOW).map(|report| report.status)
}

#[test]
fn every_layout_is_up_to_date_elsewhere() {
    let vendor = vendor();
    let machine = machine(&vendor);
    let collateral = vendor
        .collateral(&CollateralContents::genuine(NOW))
        .expect("collateral")
        .to_json();
    for layout in Layout::ALL {
        let mut quote = Quote::genuine(layout);
        quote.report.report_data = [9; 64];
        let bytes = machine.sign(&quote).expect("signature").encode();
        let report = verdict(&bytes, &collateral, NOW).unwrap_or_else(|error| panic!("{layout:?}: {error}"));
        assert_eq!(report.status, "UpToDate");
        let body = report.report.as_td10().expect("a trust domain's");
        assert_eq!((body.report_data, body.mr_td), ([9; 64], quote.report.mr_td));
        let kind = match report.report {
            Report::SgxEnclave(_) => panic!("not an enclave"),
            Report::TD10(_) => 584,
            Report::TD15(_) => 648,
            Report::TD15Ex(_) => 885,
        };
        assert_eq!(layout.body_size(), kind);
    }
}

#[test]
fn a_processor_authority_does_as_well() {
    let vendor = vendor();
    let mut contents = MachineContents::genuine(NOW);
    contents.authority = PckAuthority::Processor;
    contents.extension.platform = None;
    let machine = vendor.machine(&contents).expect("machine");
    let mut collateral = CollateralContents::genuine(NOW);
    collateral.authority = PckAuthority::Processor;
    let collateral = vendor.collateral(&collateral).expect("collateral").to_json();
    let quote = machine
        .sign(&Quote::genuine(Layout::Version4))
        .expect("signature")
        .encode();
    assert_eq!(
        verdict(&quote, &collateral, NOW).map(|report| report.status),
        Ok("UpToDate".to_owned())
    );
}

#[test]
fn an_old_platform_is_out_of_date_and_a_relaunched_module_is_advised() {
    let unchanged = |_: &mut CollateralContents| {};
    assert_eq!(forged(|_| {}, unchanged), Ok("UpToDate".to_owned()));
    let module = |quote: &mut Quote| {
        let [svn, ..] = &mut quote.report.tee_tcb_svn;
        *svn = 2;
    };
    assert_eq!(forged(module, unchanged), Ok("TDRelaunchAdvised".to_owned()));
    let levels = |contents: &mut CollateralContents| {
        contents.tcb_info.tcb_levels.remove(0);
    };
    assert_eq!(forged(|_| {}, levels), Ok("OutOfDate".to_owned()));
    let none = |contents: &mut CollateralContents| contents.tcb_info.tcb_levels.clear();
    assert_eq!(forged(|_| {}, none), Err("No matching TCB level found".to_owned()));
    let revoked = |contents: &mut CollateralContents| {
        if let Some(level) = contents.tcb_info.tcb_levels.first_mut() {
            level.tcb_status = TcbStatus::Revoked;
        }
    };
    assert_eq!(
        forged(|_| {}, revoked),
        Err("TCB status is invalid: Revoked".to_owned())
    );
}

#[test]
fn a_changed_field_is_seen_elsewhere() {
    let unchanged = |_: &mut CollateralContents| {};
    let refused = |quote: fn(&mut Quote), message: &str| {
        let error = forged(quote, unchanged).expect_err(message);
        assert!(error.contains(message), "{error}");
    };
    refused(|quote| quote.report.td_attributes |= attributes::DEBUG, "Debug mode");
    refused(
        |quote| quote.report.td_attributes |= attributes::MIGRATABLE,
        "migration",
    );
    refused(|quote| quote.report.td_attributes = 0, "SEPT_VE_DISABLE");
    refused(
        |quote| quote.report.td_attributes |= attributes::RESERVED,
        "Reserved bits",
    );
    refused(|quote| quote.report.mr_service_td = [1; 48], "service TD");
    refused(|quote| quote.report.mr_signer_seam = [1; 48], "MRSIGNER");
    refused(|quote| quote.header.qe_vendor = [1; 16], "vendor");
    refused(|quote| quote.header.attestation_key_type = 3, "key type");
}

#[test]
fn what_is_revoked_or_expired_is_seen_elsewhere() {
    let vendor = vendor();
    let machine = machine(&vendor);
    let quote = machine
        .sign(&Quote::genuine(Layout::Version4))
        .expect("signature")
        .encode();
    let refused = |change: &dyn Fn(&mut CollateralContents), now: UnixTime, message: &str| {
        let mut contents = CollateralContents::genuine(NOW);
        change(&mut contents);
        let collateral = vendor.collateral(&contents).expect("collateral").to_json();
        let error = verdict(&quote, &collateral, now).expect_err(message);
        assert!(error.contains(message), "{error}");
    };
    for authority in [&machine.pck, &vendor.platform_authority, &vendor.tcb_signing] {
        let revoke = |contents: &mut CollateralContents| {
            contents.pck_revocation.serial_numbers.push(authority.serial_number());
            contents.root_revocation.serial_numbers.push(authority.serial_number());
        };
        refused(&revoke, NOW, "CertRevoked");
    }
    refused(&|_| {}, NOW.plus_seconds(31 * 86_400), "expired");
    refused(&|_| {}, NOW.minus_seconds(1), "in the future");
    let stale = |contents: &mut CollateralContents| contents.pck_revocation.next_update = NOW;
    refused(&stale, NOW.plus_seconds(1), "CrlExpired");
    let identity = |contents: &mut CollateralContents| contents.qe_identity.next_update = NOW;
    refused(&identity, NOW.plus_seconds(1), "QE Identity expired");
}

#[test]
fn what_is_changed_after_signing_is_seen_elsewhere() {
    let vendor = vendor();
    let machine = machine(&vendor);
    let collateral = vendor
        .collateral(&CollateralContents::genuine(NOW))
        .expect("collateral");
    let signed = machine
        .sign(&Quote::genuine(Layout::Version5Td15Extended))
        .expect("signature");

    let mut other = machine.clone();
    other.attestation_key = KeyPair::generate_p256().expect("key");
    let mut swapped = signed.clone();
    swapped.attestation_key = other.attestation_key.public_key().iter().skip(1).copied().collect();
    let error = verdict(&swapped.encode(), &collateral.to_json(), NOW).expect_err("another key");
    assert!(error.contains("QE report hash mismatch"), "{error}");

    let mut trailing = signed.clone();
    trailing.trailing = vec![7; 39];
    assert!(
        verdict(&trailing.encode(), &collateral.to_json(), NOW).is_ok(),
        "nobody signs what follows"
    );

    let mut resigned = collateral;
    resigned.tcb_info = resigned.tcb_info.replace("\"pcesvn\":11", "\"pcesvn\":12");
    assert!(verdict(&signed.encode(), &resigned.to_json(), NOW).is_err());
}

/// What `dcap-qvl` 0.7.1 does not look at: performance monitoring, identities that the host chose, the PCE of TCB info,
/// key usage of authorities, what follows the hash in the quoting enclave's report, the type of the outer certification
/// data.
const UNSEEN_ELSEWHERE: [Defect; 8] = [
    Defect::Domain(DomainDefect::Perfmon),
    Defect::Domain(DomainDefect::ConfigurationIdentity),
    Defect::Domain(DomainDefect::Owner),
    Defect::Domain(DomainDefect::OwnerConfiguration),
    Defect::Collateral(CollateralDefect::OtherPce),
    Defect::Chain(ChainDefect::PckAuthorityWithoutSigning),
    Defect::Signature(SignatureDefect::QuotingEnclaveTail),
    Defect::Signature(SignatureDefect::OtherOuterCertification),
];

#[test]
fn every_defect_of_the_catalogue_is_refused_or_told_elsewhere() {
    let genuine = Evidence::genuine(Layout::Version5Td15, NOW).expect("evidence");
    let status = |evidence: &Evidence| {
        let collateral = evidence.collateral.to_json();
        verdict(&evidence.quote.encode(), &collateral, NOW).map(|report| report.status)
    };
    assert_eq!(status(&genuine), Ok("UpToDate".to_owned()));
    let mut wrong = Vec::new();
    for defect in Defect::all() {
        let evidence = defect.forge(NOW).expect("evidence");
        let found = status(&evidence);
        let fits = match defect.standing() {
            _ if UNSEEN_ELSEWHERE.contains(&defect) => found == Ok("UpToDate".to_owned()),
            Standing::NotAuthentic => found.is_err(),
            Standing::NotAcceptable => found != Ok("UpToDate".to_owned()),
            Standing::ByPolicy => found.is_ok(),
        };
        if !fits {
            wrong.push((defect, found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_simulated_platform_endorses_a_binding_with_its_collateral_beside() {
    let image = Measured {
        executable: b"the program",
        configuration: b"its settings",
        ramdisk: b"",
    };
    let platform = SimulatedTdx::measure(&image, NOW, || NOW).expect("platform");
    assert!(platform.to_string().contains("SIMULATED"));
    let mut binding = Binding {
        platform: Platform::SimTdx,
        purpose: "verdict-key".to_owned(),
        challenge: [1; 32],
        public_key: [4; 65],
        context: Vec::new(),
    };
    let collected = platform.collect(&binding).expect("evidence");
    let collateral = String::from_utf8(collected.collateral.expect("collateral")).expect("text");
    let report = verdict(&collected.evidence, &collateral, NOW).expect("genuine");
    let body = report.report.as_td10().expect("a trust domain's");
    assert_eq!(body.report_data, binding.digest());
    assert_eq!([body.mr_td, body.rt_mr1, body.rt_mr2], *platform.registers());
    binding.platform = Platform::Tdx;
    assert!(
        platform.collect(&binding).is_err(),
        "a simulated platform never speaks for a real one"
    );
}
