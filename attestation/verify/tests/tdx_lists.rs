//! Several lists and several sets of collateral: whatever a current one revokes is revoked, and a broken one hides none.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod list_support;
mod tdx_support;

use list_support::{UNUSABLE, reissued};
use orv_evidence::{Platform, UnixTime};
use orv_simulator::RevocationList;
use orv_simulator::tdx::{CollateralContents, Layout, Machine, MachineContents, Quote, Vendor};
use orv_verify::tdx::TdxPart;
use orv_verify::{
    Cache, Collateral, ExpectedBinding, Policy, TdxCollateral, TdxError, Verified, VerifyError, verify_with,
};
use tdx_support::{NOW, judge_simulated, roots, set};
use x509_cert::crl::TbsCertList;

struct Place {
    vendor: Vendor,
    machine: Machine,
    quote: Vec<u8>,
}

fn place() -> Place {
    let vendor = Vendor::published().expect("keys");
    let machine = vendor.machine(&MachineContents::genuine(NOW)).expect("randomness");
    let quote = machine.sign(&Quote::genuine(Layout::Version5Td15)).expect("randomness");
    Place {
        quote: quote.encode(),
        vendor,
        machine,
    }
}

impl Place {
    fn set(&self, issued: UnixTime, revoked: &[Vec<u8>]) -> TdxCollateral {
        let mut contents = CollateralContents::genuine(issued);
        contents.pck_revocation.serial_numbers = revoked.to_vec();
        set(&self.vendor.collateral(&contents).expect("randomness"))
    }

    fn judge(&self, tdx: Vec<TdxCollateral>, revocation_lists: Vec<Vec<u8>>) -> Result<Verified, VerifyError> {
        let collateral = Collateral {
            tdx,
            revocation_lists,
            ..Collateral::none()
        };
        judge_simulated(&self.quote, &collateral, NOW, &Policy::built_in())
    }
}

fn list(revoked: &[Vec<u8>]) -> RevocationList {
    RevocationList {
        this_update: NOW.minus_seconds(60),
        next_update: NOW.plus_seconds(60),
        serial_numbers: revoked.to_vec(),
    }
}

fn revoked(judged: Result<Verified, VerifyError>, part: TdxPart) {
    assert_eq!(
        judged.expect_err("revoked"),
        VerifyError::Tdx(TdxError::Revoked(part)),
        "{part}"
    );
}

#[test]
fn a_list_beside_the_collateral_revokes_what_it_names() {
    let place = place();
    let vendor = &place.vendor;
    let sets = || vec![place.set(NOW, &[])];
    let pck = list(&[place.machine.pck.serial_number()]);
    let given = vendor.platform_authority.publish(&pck).expect("a list");
    revoked(place.judge(sets(), vec![given]), TdxPart::PlatformCertificate);
    let authority = list(&[vendor.platform_authority.serial_number()]);
    let given = vendor.root.publish(&authority).expect("a list");
    revoked(place.judge(sets(), vec![given]), TdxPart::PlatformAuthority);
    let signer = list(&[vendor.tcb_signing.serial_number()]);
    let given = vendor.root.publish(&signer).expect("a list");
    revoked(place.judge(sets(), vec![given]), TdxPart::Signer);
}

#[test]
fn a_remembered_platform_is_looked_up_in_a_list_given_later() {
    let place = place();
    let mut cache = Cache::new();
    let mut collateral = Collateral {
        tdx: vec![place.set(NOW, &[])],
        ..Collateral::none()
    };
    let expected = ExpectedBinding::Unknown(Platform::SimTdx);
    let mut judge = |collateral: &Collateral| {
        verify_with(
            &mut cache,
            &place.quote,
            collateral,
            NOW,
            &roots(),
            &Policy::built_in(),
            &expected,
        )
    };
    assert!(judge(&collateral).is_ok());
    let pck = list(&[place.machine.pck.serial_number()]);
    collateral.revocation_lists = vec![place.vendor.platform_authority.publish(&pck).expect("a list")];
    revoked(judge(&collateral), TdxPart::PlatformCertificate);
}

#[test]
fn a_list_beside_the_collateral_bounds_the_validity_and_must_be_current_and_signed() {
    let place = place();
    let authority = &place.vendor.platform_authority;
    let sets = || vec![place.set(NOW, &[])];
    let verified = place.judge(sets(), vec![authority.publish(&list(&[])).expect("a list")]);
    let verified = verified.expect("authentic");
    assert_eq!(verified.claims().validity.not_after, NOW.plus_seconds(60));
    let stale = RevocationList {
        next_update: NOW.minus_seconds(1),
        ..list(&[])
    };
    let judged = place.judge(sets(), vec![authority.publish(&stale).expect("a list")]);
    assert!(
        matches!(judged, Err(VerifyError::Tdx(TdxError::Expired { .. }))),
        "{judged:?}"
    );
    let mut forged = authority.publish(&list(&[])).expect("a list");
    let last = forged.len() - 1;
    forged[last] ^= 1;
    assert!(place.judge(sets(), vec![forged]).is_err());
    // Another issuer's list does nothing, and neither does one of the processors' authority.
    let other = place
        .vendor
        .processor_authority
        .publish(&list(&[place.machine.pck.serial_number()]));
    assert!(place.judge(sets(), vec![other.expect("a list")]).is_ok());
}

#[test]
fn an_older_set_that_is_still_valid_hides_no_revocation() {
    let place = place();
    let pck = [place.machine.pck.serial_number()];
    let (older, newer) = (NOW.minus_seconds(86_400), NOW);
    for sets in [
        vec![place.set(older, &[]), place.set(newer, &pck)],
        vec![place.set(newer, &pck), place.set(older, &[])],
        // The newer TCB information with an old list, beside an old one with the newer list.
        vec![place.set(newer, &[]), place.set(older, &pck)],
    ] {
        revoked(place.judge(sets, vec![]), TdxPart::PlatformCertificate);
    }
    // A list from after the time asked says nothing about that time.
    let later = NOW.plus_seconds(86_400);
    assert!(
        place
            .judge(vec![place.set(older, &[]), place.set(later, &pck)], vec![])
            .is_ok()
    );
}

#[test]
fn a_broken_set_hides_no_good_one() {
    let place = place();
    let (older, newer) = (NOW.minus_seconds(86_400), NOW);
    let mut broken = place.set(newer, &[]);
    let last = broken.pck_crl.len() - 1;
    broken.pck_crl[last] ^= 1;
    assert!(place.judge(vec![broken.clone()], vec![]).is_err());
    assert!(place.judge(vec![broken, place.set(older, &[])], vec![]).is_ok());
}

#[test]
fn a_list_of_changes_of_a_scope_or_without_an_end_is_no_list() {
    let place = place();
    let authority = &place.vendor.platform_authority;
    let judged = |bend: fn(&mut TbsCertList)| {
        let pck_crl = reissued(authority, &list(&[]), bend);
        let mut alone = place.set(NOW, &[]);
        alone.pck_crl.clone_from(&pck_crl);
        let beside = place.judge(vec![place.set(NOW, &[])], vec![pck_crl]);
        [place.judge(vec![alone], vec![]), beside]
    };
    assert!(judged(|_| ()).iter().all(Result::is_ok));
    for bend in UNUSABLE {
        for judged in judged(bend) {
            let malformed = matches!(judged, Err(VerifyError::Tdx(TdxError::Malformed { .. })));
            assert!(malformed, "{judged:?}");
        }
    }
}
