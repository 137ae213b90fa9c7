//! What is remembered between documents changes no verdict.

#![allow(clippy::expect_used)]

mod support;

use orv_simulator::{Authority, KeyPair, SimulatedNitro, sign};
use orv_verify::{Cache, ChainError, Collateral, ExpectedBinding, Policy, Roots, Verified, VerifyError, verify_with};
use support::{NOW, binding, leaf_and_root, payload};

fn judge(cache: &mut Cache, document: &[u8], now: orv_verify::UnixTime) -> Result<Verified, VerifyError> {
    let roots = Roots::with_simulator(orv_simulator::root_der()).expect("a root");
    let expected = ExpectedBinding::To(binding());
    let policy = Policy::built_in();
    verify_with(cache, document, &Collateral::none(), now, &roots, &policy, &expected)
}

/// A document of this leaf under this authority.
fn document(leaf: &Authority, root: &Authority) -> Vec<u8> {
    sign(&payload(leaf, root).encode(), &leaf.key).expect("randomness")
}

#[test]
fn a_second_leaf_under_remembered_authorities_is_judged_as_by_a_fresh_verifier() {
    let (first, root) = leaf_and_root();
    let second = root.issue(&SimulatedNitro::leaf(NOW)).expect("randomness");
    let mut cache = Cache::new();
    judge(&mut cache, &document(&first, &root), NOW).expect("authentic");
    let bytes = document(&second, &root);
    assert_eq!(judge(&mut cache, &bytes, NOW), judge(&mut Cache::new(), &bytes, NOW));
}

#[test]
fn a_leaf_that_the_remembered_authority_did_not_issue_is_refused() {
    let (first, root) = leaf_and_root();
    let mut cache = Cache::new();
    judge(&mut cache, &document(&first, &root), NOW).expect("authentic");
    // Of the same name and another key.
    let forger = Authority {
        key: KeyPair::generate().expect("randomness"),
        ..root.clone()
    };
    let forged = forger.issue(&SimulatedNitro::leaf(NOW)).expect("randomness");
    let judged = judge(&mut cache, &document(&forged, &root), NOW);
    assert!(
        matches!(judged, Err(VerifyError::Chain(ChainError::Path(_)))),
        "{judged:?}"
    );
}

#[test]
fn a_leaf_expires_under_remembered_authorities_too() {
    let (leaf, root) = leaf_and_root();
    let bytes = document(&leaf, &root);
    let mut cache = Cache::new();
    judge(&mut cache, &bytes, NOW).expect("authentic");
    let judged = judge(&mut cache, &bytes, NOW.plus_seconds(4 * 60 * 60));
    assert!(
        matches!(judged, Err(VerifyError::Chain(ChainError::Expired { .. }))),
        "{judged:?}"
    );
}

#[test]
fn a_flipped_signature_is_refused_under_remembered_authorities() {
    let (leaf, root) = leaf_and_root();
    let mut bytes = document(&leaf, &root);
    let mut cache = Cache::new();
    judge(&mut cache, &bytes, NOW).expect("authentic");
    *bytes.last_mut().expect("bytes") ^= 1;
    assert_eq!(judge(&mut cache, &bytes, NOW), Err(VerifyError::Signature));
}
