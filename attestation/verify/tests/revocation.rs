//! Revocation lists: what they cover, what they revoke, when they count.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod list_support;
mod support;

use list_support::{UNUSABLE, reissued};
use orv_evidence::UnixTime;
use orv_simulator::x509::Name;
use orv_simulator::{Authority, Certificate, RevocationList, Role, SimulatedNitro, published_root, root_der, sign};
use orv_verify::{
    CLOCK_SKEW, ChainError, CheckName, CheckResult, Collateral, ExpectedBinding, Policy, Roots, Verified, VerifyError,
    verify,
};
use support::{NOW, binding, nitro};
use x509_cert::crl::TbsCertList;

struct Chain {
    root: Authority,
    region: Authority,
    leaf: Authority,
    document: Vec<u8>,
}

fn chain() -> Chain {
    let root = published_root().expect("root");
    let contents = Certificate {
        subject: "region".to_owned(),
        not_before: NOW.minus_seconds(86_400),
        not_after: NOW.plus_seconds(86_400),
        role: Role::Authority { path_length: None },
    };
    let region = root.issue(&contents).expect("region");
    let leaf = region.issue(&SimulatedNitro::leaf(NOW)).expect("leaf");
    let certificates = vec![root.certificate.clone(), region.certificate.clone()];
    let payload = nitro().document(&binding(), &leaf, certificates, NOW);
    let document = sign(&payload.encode(), &leaf.key).expect("randomness");
    Chain {
        root,
        region,
        leaf,
        document,
    }
}

fn judge(chain: &Chain, lists: Vec<Vec<u8>>) -> Result<Verified, VerifyError> {
    let roots = Roots::with_simulator(root_der()).expect("a root");
    let collateral = Collateral {
        revocation_lists: lists,
        ..Collateral::none()
    };
    verify(
        &chain.document,
        &collateral,
        NOW,
        &roots,
        &Policy::built_in(),
        &ExpectedBinding::To(binding()),
    )
}

fn list(revoked: &[&Authority]) -> RevocationList {
    RevocationList {
        this_update: NOW.minus_seconds(60),
        next_update: NOW.plus_seconds(60),
        serial_numbers: revoked.iter().map(|authority| authority.serial_number()).collect(),
    }
}

fn revocation(verified: &Verified) -> CheckResult {
    verified
        .checks()
        .iter()
        .find(|check| check.name == CheckName::Revocation)
        .expect("made")
        .result
}

#[test]
fn lists_of_every_issuer_pass_and_bound_the_validity() {
    let chain = chain();
    let lists = vec![
        chain.root.publish(&list(&[])).expect("a list"),
        // Somebody else's certificate is on it: the root's own, which this authority never issued.
        chain.region.publish(&list(&[&chain.root])).expect("a list"),
    ];
    let verified = judge(&chain, lists).expect("authentic");
    assert_eq!(revocation(&verified), CheckResult::Pass);
    assert_eq!(verified.claims().validity.not_after, NOW.plus_seconds(60));
}

#[test]
fn lists_of_some_issuers_are_not_called_a_pass() {
    let chain = chain();
    let verified = judge(&chain, vec![chain.root.publish(&list(&[])).expect("a list")]).expect("authentic");
    assert_eq!(revocation(&verified), CheckResult::Skipped);
    assert_eq!(
        revocation(&judge(&chain, vec![]).expect("authentic")),
        CheckResult::Skipped
    );
}

#[test]
fn a_revoked_leaf_or_authority_is_refused_even_by_a_partial_list() {
    let chain = chain();
    let lists = vec![chain.region.publish(&list(&[&chain.leaf])).expect("a list")];
    assert_eq!(
        judge(&chain, lists).expect_err("revoked"),
        VerifyError::Chain(ChainError::Revoked)
    );
    let lists = vec![chain.root.publish(&list(&[&chain.region])).expect("a list")];
    assert_eq!(
        judge(&chain, lists).expect_err("revoked"),
        VerifyError::Chain(ChainError::Revoked)
    );
}

#[test]
fn an_older_list_of_the_same_issuer_hides_no_revocation() {
    let chain = chain();
    for (issuer, revoked) in [(&chain.region, &chain.leaf), (&chain.root, &chain.region)] {
        let older = issuer.publish(&list(&[])).expect("a list");
        let newer = issuer.publish(&list(&[revoked])).expect("a list");
        for lists in [vec![older.clone(), newer.clone()], vec![newer, older]] {
            let error = judge(&chain, lists).expect_err("revoked");
            assert_eq!(error, VerifyError::Chain(ChainError::Revoked));
        }
    }
}

#[test]
fn a_list_of_nobody_in_the_chain_does_nothing_however_old() {
    let chain = chain();
    let mut stranger = chain.region.clone();
    stranger.name = Name::common("somebody else");
    let mut stale = list(&[&chain.leaf]);
    stale.next_update = NOW.minus_seconds(1);
    let verified = judge(&chain, vec![stranger.publish(&stale).expect("a list")]).expect("authentic");
    assert_eq!(revocation(&verified), CheckResult::Skipped);
    assert!(verified.claims().validity.not_after > NOW.plus_seconds(60));
}

#[test]
fn a_list_that_is_not_current_is_refused() {
    let chain = chain();
    let at = |this_update: UnixTime, next_update: UnixTime| {
        let list = RevocationList {
            this_update,
            next_update,
            serial_numbers: vec![],
        };
        judge(&chain, vec![chain.root.publish(&list).expect("a list")])
    };
    let stale = at(NOW.minus_seconds(60), NOW.minus_seconds(1));
    assert!(
        matches!(stale, Err(VerifyError::Chain(ChainError::StaleRevocationList { .. }))),
        "{stale:?}"
    );
    let early = at(NOW.plus_seconds(CLOCK_SKEW + 1), NOW.plus_seconds(86_400));
    assert!(
        matches!(early, Err(VerifyError::Chain(ChainError::StaleRevocationList { .. }))),
        "{early:?}"
    );
}

#[test]
fn a_list_that_its_issuer_did_not_sign_or_that_is_broken_is_refused() {
    let chain = chain();
    let mut impostor = chain.leaf.clone();
    impostor.name.clone_from(&chain.root.name);
    let forged = judge(&chain, vec![impostor.publish(&list(&[])).expect("a list")]);
    assert!(
        matches!(forged, Err(VerifyError::Chain(ChainError::Path(_)))),
        "{forged:?}"
    );
    let mut broken = chain.root.publish(&list(&[])).expect("a list");
    broken.pop();
    let broken = judge(&chain, vec![broken]);
    assert!(
        matches!(
            broken,
            Err(VerifyError::Chain(ChainError::MalformedRevocationList { .. }))
        ),
        "{broken:?}"
    );
    let many = judge(&chain, vec![vec![]; 17]);
    assert_eq!(
        many.expect_err("too many"),
        VerifyError::Chain(ChainError::RevocationLists(17))
    );
}

#[test]
fn a_list_of_changes_of_a_scope_or_without_an_end_is_no_list() {
    let chain = chain();
    let judged = |bend: fn(&mut TbsCertList)| judge(&chain, vec![reissued(&chain.region, &list(&[]), bend)]);
    assert!(judged(|_| ()).is_ok());
    for bend in UNUSABLE {
        let judged = judged(bend);
        let malformed = matches!(
            judged,
            Err(VerifyError::Chain(ChainError::MalformedRevocationList { .. }))
        );
        assert!(malformed, "{judged:?}");
    }
}
