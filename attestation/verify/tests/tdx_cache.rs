//! What is remembered between quotes changes no verdict.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod tdx_support;

use orv_evidence::{Platform, UnixTime};
use orv_simulator::tdx::{CollateralContents, Evidence, Layout, Machine, MachineContents, Quote, Vendor};
use orv_verify::{Cache, Collateral, ExpectedBinding, Policy, Roots, TdxError, Verified, VerifyError, verify_with};
use tdx_support::{NOW, given, roots, set, tdx};

fn judge(cache: &mut Cache, quote: &[u8], collateral: &Collateral, now: UnixTime) -> Result<Verified, VerifyError> {
    let expected = ExpectedBinding::Unknown(Platform::SimTdx);
    verify_with(cache, quote, collateral, now, &roots(), &Policy::built_in(), &expected)
}

fn quote(machine: &Machine, report_data: u8) -> Vec<u8> {
    let mut quote = Quote::genuine(Layout::Version5Td15);
    quote.report.report_data = [report_data; 64];
    machine.sign(&quote).expect("randomness").encode()
}

#[test]
fn every_quote_of_a_remembered_platform_is_judged_as_by_a_fresh_verifier() {
    let vendor = Vendor::published().expect("keys");
    let machine = vendor.machine(&MachineContents::genuine(NOW)).expect("randomness");
    let contents = CollateralContents::genuine(NOW);
    let collateral = Collateral {
        tdx: vec![set(&vendor.collateral(&contents).expect("randomness"))],
        ..Collateral::none()
    };
    let mut cache = Cache::new();
    for data in 0..4 {
        let quote = quote(&machine, data);
        let warm = judge(&mut cache, &quote, &collateral, NOW);
        assert_eq!(tdx(warm.as_ref().expect("authentic")).report.report_data, [data; 64]);
        assert_eq!(warm, judge(&mut Cache::new(), &quote, &collateral, NOW));
    }
    // The same platform again, signed for by nobody.
    let mut forged = quote(&machine, 9);
    forged[600] ^= 1;
    let error = judge(&mut cache, &forged, &collateral, NOW).expect_err("forged");
    assert_eq!(error, VerifyError::Tdx(TdxError::QuoteSignature));
}

#[test]
fn what_is_remembered_ends_with_what_it_stands_on() {
    let (quote, collateral) = given(&Evidence::genuine(Layout::Version5Td15, NOW).expect("randomness"));
    let mut cache = Cache::new();
    let verified = judge(&mut cache, &quote, &collateral, NOW).expect("authentic");
    let end = verified.claims().validity.not_after;
    assert!(judge(&mut cache, &quote, &collateral, end).is_ok());
    let after = end.plus_seconds(1);
    let warm = judge(&mut cache, &quote, &collateral, after);
    assert!(
        matches!(warm, Err(VerifyError::Tdx(TdxError::Expired { .. }))),
        "{warm:?}"
    );
    assert_eq!(warm, judge(&mut Cache::new(), &quote, &collateral, after));
}

#[test]
fn a_later_list_revokes_a_remembered_platform() {
    let vendor = Vendor::published().expect("keys");
    let machine = vendor.machine(&MachineContents::genuine(NOW)).expect("randomness");
    let sets = |contents: &CollateralContents| Collateral {
        tdx: vec![set(&vendor.collateral(contents).expect("randomness"))],
        ..Collateral::none()
    };
    let mut contents = CollateralContents::genuine(NOW);
    let mut cache = Cache::new();
    assert!(judge(&mut cache, &quote(&machine, 1), &sets(&contents), NOW).is_ok());
    contents.pck_revocation.serial_numbers.push(machine.pck.serial_number());
    let error = judge(&mut cache, &quote(&machine, 1), &sets(&contents), NOW).expect_err("revoked");
    assert!(matches!(error, VerifyError::Tdx(TdxError::Revoked(_))), "{error}");
}

#[test]
fn what_was_believed_under_one_root_is_not_under_another() {
    let (quote, collateral) = given(&Evidence::genuine(Layout::Version5Td15, NOW).expect("randomness"));
    let mut cache = Cache::new();
    assert!(judge(&mut cache, &quote, &collateral, NOW).is_ok());
    let expected = ExpectedBinding::Unknown(Platform::Tdx);
    let policy = Policy::built_in();
    let judged = verify_with(
        &mut cache,
        &quote,
        &collateral,
        NOW,
        &Roots::production(),
        &policy,
        &expected,
    );
    assert!(
        matches!(judged, Err(VerifyError::Tdx(TdxError::Chain { .. }))),
        "{judged:?}"
    );
    let expected = ExpectedBinding::Unknown(Platform::SimTdx);
    let judged = verify_with(
        &mut cache,
        &quote,
        &collateral,
        NOW,
        &Roots::production(),
        &policy,
        &expected,
    );
    assert_eq!(judged, Err(VerifyError::NoRoot(Platform::SimTdx)));
}
