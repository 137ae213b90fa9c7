//! What is not authentic: each step of the first layer fails on its own, with its own error.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use orv_evidence::{Platform, UnixTime};
use orv_simulator::{
    Authority, Certificate, KeyPair, Role, SimulatedNitro, envelope_of_signature, published_root, root_der, sign,
};
use orv_verify::{CLOCK_SKEW, ChainError, Collateral, ExpectedBinding, Policy, Roots, VerifyError, verify};
use proptest::prelude::*;
use support::{NOW, bent, binding, judge, judge_with, leaf_and_root, nitro, payload};

/// A rightly signed document under a chain of `authorities` (root first) and `leaf`.
fn under(authorities: &[&Authority], leaf: &Authority) -> Vec<u8> {
    let chain = authorities
        .iter()
        .map(|authority| authority.certificate.clone())
        .collect();
    let payload = nitro().document(&binding(), leaf, chain, NOW);
    sign(&payload.encode(), &leaf.key).expect("randomness")
}

fn authority(name: &str, role: Role) -> Certificate {
    Certificate {
        subject: name.to_owned(),
        not_before: NOW.minus_seconds(86_400),
        not_after: NOW.plus_seconds(86_400),
        role,
    }
}

const ANY_DEPTH: Role = Role::Authority { path_length: None };

fn chain_error(document: &[u8]) -> ChainError {
    match judge(document) {
        Err(VerifyError::Chain(error)) => error,
        other => panic!("expected a chain error, got {other:?}"),
    }
}

#[test]
fn a_chain_of_several_authorities_is_followed() {
    let root = published_root().expect("root");
    let region = root
        .issue(&authority("region", Role::Authority { path_length: Some(1) }))
        .expect("region");
    let zone = region
        .issue(&authority("zone", Role::Authority { path_length: Some(0) }))
        .expect("zone");
    let leaf = zone.issue(&SimulatedNitro::leaf(NOW)).expect("leaf");
    assert!(
        judge(&under(&[&root, &region, &zone], &leaf))
            .expect("authentic")
            .acceptable()
            .is_ok()
    );
}

#[test]
fn a_simulated_document_has_no_root_in_production() {
    let document = bent(|_| ());
    for platform in [Platform::SimNitro, Platform::Nitro] {
        let mut binding = binding();
        binding.platform = platform;
        let expected = ExpectedBinding::To(binding);
        let judged = verify(
            &document,
            &Collateral::none(),
            NOW,
            &Roots::production(),
            &Policy::built_in(),
            &expected,
        );
        match (platform, judged) {
            (Platform::SimNitro, Err(VerifyError::NoRoot(Platform::SimNitro))) => (),
            (Platform::Nitro, Err(VerifyError::Chain(ChainError::AnotherRoot(_)))) => (),
            (_, other) => panic!("{platform}: {other:?}"),
        }
    }
}

#[test]
fn a_simulated_document_is_not_nitro_even_with_the_simulators_root() {
    let mut binding = binding();
    binding.platform = Platform::Nitro;
    let judged = judge_with(&bent(|_| ()), NOW, &Policy::built_in(), binding);
    assert!(
        matches!(judged, Err(VerifyError::Chain(ChainError::AnotherRoot(_)))),
        "{judged:?}"
    );
}

#[test]
fn a_document_is_no_evidence_of_another_platform() {
    for platform in [Platform::Tdx, Platform::Snp, Platform::SimTdx, Platform::SimSnp] {
        let mut binding = binding();
        binding.platform = platform;
        let judged = judge_with(&support::right(), NOW, &Policy::built_in(), binding);
        let error = judged.expect_err("another platform's");
        assert!(
            matches!(
                error,
                VerifyError::Tdx(_) | VerifyError::Snp(_) | VerifyError::NoRoot(_)
            ),
            "{error:?}"
        );
    }
}

#[test]
fn another_root_is_refused_whatever_its_name() {
    let contents = Certificate {
        subject: published_root().expect("root").name.common_name().to_owned(),
        not_before: UnixTime::from_seconds(1_577_836_800),
        not_after: UnixTime::from_seconds(2_524_607_999),
        role: ANY_DEPTH,
    };
    let other = Authority::self_signed(&contents, KeyPair::generate().expect("key")).expect("root");
    let leaf = other.issue(&SimulatedNitro::leaf(NOW)).expect("leaf");
    assert!(matches!(
        chain_error(&under(&[&other], &leaf)),
        ChainError::AnotherRoot(_)
    ));
    // The right root in front, the leaf by the other one of the same name.
    let right = published_root().expect("root");
    assert!(matches!(chain_error(&under(&[&right], &leaf)), ChainError::Path(_)));
}

#[test]
fn time_outside_the_chain_is_refused_and_the_skew_forgives_only_the_future() {
    let document = bent(|_| ());
    let at = |now: UnixTime| judge_with(&document, now, &Policy::built_in(), binding());
    let (first, last) = (NOW.minus_seconds(3), NOW.plus_seconds(3 * 60 * 60));
    assert!(at(last).is_ok());
    assert_eq!(
        at(last.plus_seconds(1)).expect_err("expired"),
        VerifyError::Chain(ChainError::Expired {
            not_after: last,
            now: last.plus_seconds(1)
        })
    );
    let early = first.minus_seconds(CLOCK_SKEW - 3);
    let skewed = at(early).expect("within the skew");
    let chain = &skewed.checks()[1];
    assert!(
        chain.detail.contains("within the clock skew of 300 s"),
        "{}",
        chain.detail
    );
    assert_eq!(
        at(first.minus_seconds(CLOCK_SKEW + 1)).expect_err("too early"),
        VerifyError::Chain(ChainError::NotYetValid {
            not_before: first,
            now: first.minus_seconds(CLOCK_SKEW + 1)
        })
    );
}

#[test]
fn a_document_from_outside_its_chains_time_or_the_future_is_refused() {
    let at = |seconds: u64| judge(&bent(|payload| payload.timestamp = seconds * 1000));
    assert!(at(NOW.seconds() + CLOCK_SKEW).is_ok());
    assert!(matches!(
        at(NOW.seconds() + CLOCK_SKEW + 1),
        Err(VerifyError::TimeInFuture { .. })
    ));
    assert!(matches!(
        at(NOW.seconds() - 4),
        Err(VerifyError::TimeOutsideChain { .. })
    ));
    assert!(matches!(
        at(NOW.seconds() + 10_801),
        Err(VerifyError::TimeOutsideChain { .. })
    ));
}

#[test]
fn an_expired_authority_ends_the_chain() {
    let root = published_root().expect("root");
    let mut contents = authority("region", ANY_DEPTH);
    contents.not_after = NOW.minus_seconds(1);
    let region = root.issue(&contents).expect("region");
    let leaf = region.issue(&SimulatedNitro::leaf(NOW)).expect("leaf");
    assert!(matches!(
        chain_error(&under(&[&root, &region], &leaf)),
        ChainError::Expired { .. }
    ));
}

#[test]
fn a_path_longer_than_an_authority_allows_is_refused() {
    let root = published_root().expect("root");
    let region = root
        .issue(&authority("region", Role::Authority { path_length: Some(0) }))
        .expect("region");
    let zone = region.issue(&authority("zone", ANY_DEPTH)).expect("zone");
    let leaf = zone.issue(&SimulatedNitro::leaf(NOW)).expect("leaf");
    assert!(matches!(
        chain_error(&under(&[&root, &region, &zone], &leaf)),
        ChainError::Path(_)
    ));
}

#[test]
fn a_leaf_cannot_issue_and_an_authority_cannot_be_a_leaf() {
    let root = published_root().expect("root");
    let false_authority = root.issue(&authority("leaf", Role::Leaf)).expect("leaf");
    let leaf = false_authority.issue(&SimulatedNitro::leaf(NOW)).expect("leaf");
    assert_eq!(
        chain_error(&under(&[&root, &false_authority], &leaf)),
        ChainError::KeyUsage(1)
    );
    let authority = root.issue(&authority("authority", ANY_DEPTH)).expect("authority");
    assert_eq!(chain_error(&under(&[&root], &authority)), ChainError::LeafIsAuthority);
}

#[test]
fn key_usage_is_looked_at_on_both_ends() {
    let root = published_root().expect("root");
    let region = root
        .issue(&authority("region", Role::AuthorityWithoutSigning))
        .expect("region");
    let leaf = region.issue(&SimulatedNitro::leaf(NOW)).expect("leaf");
    assert_eq!(chain_error(&under(&[&root, &region], &leaf)), ChainError::KeyUsage(1));
    let leaf = root.issue(&authority("leaf", Role::LeafWithoutSigning)).expect("leaf");
    assert_eq!(chain_error(&under(&[&root], &leaf)), ChainError::KeyUsage(1));
}

#[test]
fn certificates_out_of_order_missing_or_broken_are_refused() {
    let root = published_root().expect("root");
    let region = root.issue(&authority("region", ANY_DEPTH)).expect("region");
    let zone = region.issue(&authority("zone", ANY_DEPTH)).expect("zone");
    let leaf = zone.issue(&SimulatedNitro::leaf(NOW)).expect("leaf");
    assert_eq!(
        chain_error(&under(&[&root, &zone, &region], &leaf)),
        ChainError::Order(1)
    );
    assert_eq!(chain_error(&under(&[&root, &zone], &leaf)), ChainError::Order(1));
    let mut broken = zone.clone();
    broken.certificate.pop();
    let malformed = chain_error(&under(&[&root, &region, &broken], &leaf));
    assert!(
        matches!(malformed, ChainError::Malformed { position: 2, .. }),
        "{malformed:?}"
    );
}

#[test]
fn a_document_signed_by_another_key_is_refused() {
    let (leaf, root) = leaf_and_root();
    let (other, _) = leaf_and_root();
    let document = sign(&payload(&leaf, &root).encode(), &other.key).expect("randomness");
    assert_eq!(judge(&document).expect_err("another key"), VerifyError::Signature);
}

#[test]
fn a_high_s_signature_is_accepted_because_genuine_documents_carry_them() {
    // order of P-384 minus s, as every other genuine document has it.
    let order =
        hex::decode("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973")
            .expect("hex");
    let document = bent(|_| ());
    let (head, s) = document.split_at(document.len() - 48);
    let mut other = vec![0; 48];
    let mut borrow = 0;
    for place in (0..48).rev() {
        let difference = i16::from(order[place]) - i16::from(s[place]) - borrow;
        borrow = i16::from(difference < 0);
        other[place] = (difference & 0xff) as u8;
    }
    let twin = [head, &other].concat();
    assert_ne!(twin, document);
    assert!(judge(&twin).expect("authentic").acceptable().is_ok());
}

#[test]
fn an_altered_payload_under_an_old_signature_is_refused() {
    let (leaf, root) = leaf_and_root();
    let mut payload = payload(&leaf, &root);
    let signed = sign(&payload.encode(), &leaf.key).expect("randomness");
    payload.pcrs[0].1[0] ^= 1;
    let document = envelope_of_signature(&payload.encode(), &signed[signed.len() - 96..]);
    assert_eq!(judge(&document).expect_err("altered"), VerifyError::Signature);
}

#[test]
fn the_published_root_is_the_one_given() {
    assert_eq!(published_root().expect("root").certificate, root_der());
}

#[test]
fn no_byte_of_a_document_is_free() {
    for place in 0..document().len() {
        let mut document = document().to_vec();
        document[place] ^= 1;
        assert!(judge(&document).is_err(), "byte {place} is under no check");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_flipped_byte_leaves_a_document_acceptable(place in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let mut document = document().to_vec();
        let place = place.index(document.len());
        document[place] ^= flip;
        // Low and high S differ in many bytes, so one flipped byte never gives the malleable twin.
        let acceptable = judge(&document).is_ok_and(|verified| verified.acceptable().is_ok());
        prop_assert!(!acceptable, "byte {place}");
    }

    #[test]
    fn no_cut_document_is_authentic(place in any::<prop::sample::Index>()) {
        let document = document();
        prop_assert!(judge(&document[..place.index(document.len())]).is_err());
    }

    #[test]
    fn verifying_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(judge(&bytes).is_err());
    }
}

fn document() -> &'static [u8] {
    static DOCUMENT: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    DOCUMENT.get_or_init(|| bent(|_| ()))
}
