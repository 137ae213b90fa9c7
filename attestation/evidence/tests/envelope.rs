//! The envelope and the context have one encoding each; the binding digest is fixed byte by byte.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

use orv_evidence::{
    Binding, Collected, Context, Envelope, EnvelopeError, KeyOrigin, MAXIMUM_COLLATERAL, MAXIMUM_ENVELOPE,
    MAXIMUM_EVIDENCE, MapError, Platform, VERDICT_KEY, challenge,
};
use proptest::prelude::*;

fn context() -> Context {
    Context {
        chain_id: 16602,
        registry: [0x11; 20],
        gateway: [0x22; 20],
        operator: [0x33; 20],
        boot_id: [0x44; 32],
        configuration_hash: [0x55; 32],
    }
}

fn binding() -> Binding {
    let mut public_key = [0x66; 65];
    public_key[0] = 4;
    Binding {
        platform: Platform::SimNitro,
        purpose: VERDICT_KEY.to_owned(),
        challenge: challenge(16602, [0x11; 20], [0x33; 20], 7, [0x77; 32]),
        public_key,
        context: context().encode(),
    }
}

fn envelope() -> Envelope {
    Envelope::seal(&binding(), KeyOrigin::GeneratedInside, vec![0xee; 5]).expect("a valid envelope")
}

fn envelope_with_collateral(collateral: &[u8]) -> Result<Envelope, EnvelopeError> {
    let collected = Collected {
        evidence: vec![0xee; 5],
        collateral: Some(collateral.to_vec()),
    };
    Envelope::seal(&binding(), KeyOrigin::GeneratedInside, collected)
}

#[test]
fn the_digest_is_sha512_over_seven_length_prefixed_fields() {
    let binding = binding();
    let mut preimage = Vec::new();
    for field in [
        &b"orv/attest/v1"[..],
        b"sim-nitro",
        b"verdict-key",
        &binding.challenge,
        b"secp256k1",
        &binding.public_key,
        &binding.context,
    ] {
        preimage.extend((field.len() as u32).to_be_bytes());
        preimage.extend(field);
    }
    assert_eq!(
        binding.digest(),
        ring::digest::digest(&ring::digest::SHA512, &preimage).as_ref()
    );
    insta::assert_snapshot!(hex::encode(binding.digest()));
}

#[test]
fn the_bytes_of_a_challenge_a_context_and_an_envelope_are_fixed() {
    insta::assert_snapshot!(hex::encode(binding().challenge));
    insta::assert_snapshot!(hex::encode(context().encode()));
    insta::assert_snapshot!(hex::encode(envelope().encode()));
}

#[test]
fn what_is_encoded_is_decoded() {
    assert_eq!(Context::decode(&context().encode()), Ok(context()));
    assert_eq!(Envelope::decode(&envelope().encode()), Ok(envelope()));
}

#[test]
fn a_trailing_byte_is_refused() {
    let mut bytes = envelope().encode();
    bytes.push(0);
    assert_eq!(
        Envelope::decode(&bytes),
        Err(EnvelopeError::Map(MapError::NotDeterministic))
    );
    let mut bytes = context().encode();
    bytes.push(0);
    assert_eq!(
        Context::decode(&bytes).map_err(|error| error.0),
        Err(MapError::NotDeterministic)
    );
}

#[test]
fn an_integer_in_a_longer_form_is_refused() {
    let bytes = envelope().encode();
    // a9 00 01 …: the version 1 as a two-byte integer.
    let longer = [&bytes[..2], &[0x18, 0x01], &bytes[3..]].concat();
    assert_eq!(
        Envelope::decode(&longer),
        Err(EnvelopeError::Map(MapError::NotDeterministic))
    );
    // The head a9 as b8 09.
    let longer = [&[0xb8, 0x09], &bytes[1..]].concat();
    assert_eq!(
        Envelope::decode(&longer),
        Err(EnvelopeError::Map(MapError::NotDeterministic))
    );
}

#[test]
fn an_indefinite_map_is_refused() {
    let bytes = envelope().encode();
    let indefinite = [&[0xbf], &bytes[1..], &[0xff]].concat();
    assert_eq!(
        Envelope::decode(&indefinite),
        Err(EnvelopeError::Map(MapError::Entries {
            expected: 9,
            found: None
        }))
    );
}

#[test]
fn a_doubled_unknown_or_missing_key_is_refused() {
    let bytes = envelope().encode();
    let doubled = [&bytes[..3], &[0x00], &bytes[4..]].concat();
    assert_eq!(
        Envelope::decode(&doubled),
        Err(EnvelopeError::Map(MapError::Key { expected: 1, found: 0 }))
    );
    let more = [&[0xab], &bytes[1..], &[0x09, 0x41, 0xcc, 0x0a, 0x00]].concat();
    assert_eq!(
        Envelope::decode(&more),
        Err(EnvelopeError::Map(MapError::Entries {
            expected: 9,
            found: Some(11)
        }))
    );
    let unknown = [&[0xaa], &bytes[1..], &[0x0a, 0x41, 0xcc]].concat();
    assert_eq!(
        Envelope::decode(&unknown),
        Err(EnvelopeError::Map(MapError::Key { expected: 9, found: 10 }))
    );
}

#[test]
fn collateral_follows_the_evidence_under_key_nine() {
    let with = envelope_with_collateral(&[0xcc]).expect("a valid envelope");
    let without = envelope().encode();
    assert_eq!(
        with.encode(),
        [&[0xaa], &without[1..], &[0x09, 0x41, 0xcc]].concat(),
        "nothing else changes"
    );
    assert_eq!(Envelope::decode(&with.encode()), Ok(with));
}

#[test]
fn collateral_is_never_empty_and_never_longer_than_its_bound() {
    assert_eq!(envelope_with_collateral(&[]), Err(EnvelopeError::Collateral(0)));
    let longer = vec![0; MAXIMUM_COLLATERAL + 1];
    assert_eq!(
        envelope_with_collateral(&longer),
        Err(EnvelopeError::Collateral(longer.len()))
    );
    let empty = [&[0xaa], &envelope().encode()[1..], &[0x09, 0x40]].concat();
    assert_eq!(Envelope::decode(&empty), Err(EnvelopeError::Collateral(0)));
}

#[test]
fn the_longest_parts_together_make_an_envelope_that_is_read() {
    let mut binding = binding();
    binding.context = vec![1; 1024];
    binding.purpose = "p".repeat(64);
    let collected = Collected {
        evidence: vec![2; MAXIMUM_EVIDENCE],
        collateral: Some(vec![3; MAXIMUM_COLLATERAL]),
    };
    let envelope = Envelope::seal(&binding, KeyOrigin::GeneratedInside, collected).expect("a valid envelope");
    assert_eq!(Envelope::decode(&envelope.encode()), Ok(envelope));
}

#[test]
fn each_field_is_checked() {
    let mut other = binding();
    other.purpose = "with space".to_owned();
    assert!(matches!(
        Envelope::seal(&other, KeyOrigin::GeneratedInside, vec![1]),
        Err(EnvelopeError::Purpose(_))
    ));
    assert_eq!(
        Envelope::seal(&binding(), KeyOrigin::HardwareDerived, vec![1]),
        Err(EnvelopeError::ImpossibleOrigin {
            platform: Platform::SimNitro,
            origin: KeyOrigin::HardwareDerived
        })
    );
    let mut other = binding();
    other.public_key[0] = 2;
    assert_eq!(
        Envelope::seal(&other, KeyOrigin::GeneratedInside, vec![1]),
        Err(EnvelopeError::PublicKeyForm(2))
    );
    let mut other = binding();
    other.context = vec![0; 1025];
    assert_eq!(
        Envelope::seal(&other, KeyOrigin::GeneratedInside, vec![1]),
        Err(EnvelopeError::Context(1025))
    );
    assert_eq!(
        Envelope::seal(&binding(), KeyOrigin::GeneratedInside, vec![]),
        Err(EnvelopeError::Evidence(0))
    );
    assert_eq!(
        Envelope::decode(&vec![0; MAXIMUM_ENVELOPE + 1]),
        Err(EnvelopeError::TooLong(MAXIMUM_ENVELOPE + 1))
    );
}

#[test]
fn another_version_platform_algorithm_or_origin_is_refused() {
    let swap = |from: &str, to: &str| {
        let bytes = hex::encode(envelope().encode()).replacen(&hex::encode(from), &hex::encode(to), 1);
        Envelope::decode(&hex::decode(bytes).expect("hex"))
    };
    assert!(matches!(
        swap("sim-nitro", "sim-sgxxx"),
        Err(EnvelopeError::Platform(_))
    ));
    assert!(matches!(
        swap("secp256k1", "secp256r1"),
        Err(EnvelopeError::KeyAlgorithm(_))
    ));
    assert!(matches!(
        swap("generated-inside", "generated-inzide"),
        Err(EnvelopeError::KeyOrigin(_))
    ));
    let mut bytes = envelope().encode();
    bytes[2] = 2;
    assert_eq!(Envelope::decode(&bytes), Err(EnvelopeError::Version(2)));
}

proptest! {
    #[test]
    fn decoding_never_panics_and_accepts_only_its_own_encoding(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(envelope) = Envelope::decode(&bytes) {
            prop_assert_eq!(envelope.encode(), bytes.clone());
        }
        if let Ok(context) = Context::decode(&bytes) {
            prop_assert_eq!(context.encode(), bytes);
        }
    }

    #[test]
    fn a_changed_byte_changes_the_envelope_or_is_refused(place in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let mut bytes = envelope().encode();
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        if let Ok(other) = Envelope::decode(&bytes) {
            prop_assert_ne!(&other, &envelope());
            prop_assert_eq!(other.encode(), bytes);
        }
    }

    #[test]
    fn every_envelope_survives_the_trip(
        purpose in "[!-~]{1,64}",
        challenge in any::<[u8; 32]>(),
        point in any::<[u8; 32]>(),
        context in prop::collection::vec(any::<u8>(), 0..1024),
        evidence in prop::collection::vec(any::<u8>(), 1..2048),
        collateral in prop::option::of(prop::collection::vec(any::<u8>(), 1..2048)),
    ) {
        let mut public_key = [4; 65];
        public_key[1..33].copy_from_slice(&point);
        let binding = Binding { platform: Platform::Snp, purpose, challenge, public_key, context };
        let envelope = Envelope::seal(&binding, KeyOrigin::HardwareDerived, Collected { evidence, collateral }).expect("valid parts");
        prop_assert_eq!(Envelope::decode(&envelope.encode()), Ok(envelope.clone()));
        prop_assert_eq!(envelope.binding(), binding);
    }
}
