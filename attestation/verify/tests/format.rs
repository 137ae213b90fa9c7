//! What is not a Nitro document: strict CBOR, strict COSE, strict payload.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use minicbor::Encoder;
use orv_simulator::{KeyPair, NitroDocument, PROTECTED_HEADER, envelope_of_signature, sign};
use orv_verify::{DocumentError, MAXIMUM_DOCUMENT, MAXIMUM_PAYLOAD, VerifyError};
use proptest::prelude::*;
use support::{bent, judge, leaf_and_root, payload};

fn document_error(document: &[u8]) -> DocumentError {
    match judge(document) {
        Err(VerifyError::Document(error)) => error,
        other => panic!("expected a document error, got {other:?}"),
    }
}

/// The payload's entries as key and encoded value, for bending below the level of fields.
fn entries() -> Vec<(&'static str, Vec<u8>)> {
    let (leaf, root) = leaf_and_root();
    let payload = payload(&leaf, &root).encode();
    let keys = [
        "module_id",
        "digest",
        "timestamp",
        "pcrs",
        "certificate",
        "cabundle",
        "public_key",
        "user_data",
        "nonce",
    ];
    let mut decoder = minicbor::Decoder::new(&payload);
    decoder.map().expect("a map");
    keys.map(|key| {
        assert_eq!(decoder.str().expect("a key"), key);
        let start = decoder.position();
        decoder.skip().expect("a value");
        (key, payload[start..decoder.position()].to_vec())
    })
    .to_vec()
}

/// A document whose payload has exactly these entries; nobody asks for the signature before the form is right.
fn of_entries(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut payload = vec![0xa0 | entries.len() as u8];
    for (key, value) in entries {
        Encoder::new(&mut payload).str(key).expect("memory");
        payload.extend(value);
    }
    of_payload(&payload)
}

fn of_payload(payload: &[u8]) -> Vec<u8> {
    sign(payload, &KeyPair::generate().expect("key")).expect("randomness")
}

#[test]
fn bytes_after_the_document_or_its_payload_are_refused() {
    let mut document = bent(|_| ());
    document.push(0);
    assert_eq!(document_error(&document), DocumentError::TrailingBytes(1));
    let (leaf, root) = leaf_and_root();
    let mut bytes = payload(&leaf, &root).encode();
    bytes.extend([0, 0]);
    assert_eq!(document_error(&of_payload(&bytes)), DocumentError::TrailingBytes(2));
}

#[test]
fn an_oversized_document_or_payload_is_refused_unread() {
    assert_eq!(
        document_error(&vec![0; MAXIMUM_DOCUMENT + 1]),
        DocumentError::TooLong(MAXIMUM_DOCUMENT + 1)
    );
    let payload = vec![0; MAXIMUM_PAYLOAD + 1];
    assert_eq!(
        document_error(&of_payload(&payload)),
        DocumentError::TooLong(MAXIMUM_PAYLOAD + 1)
    );
}

#[test]
fn another_algorithm_or_any_further_header_is_refused() {
    let es256 = [&[0x84, 0x43, 0xa1, 0x01, 0x26, 0xa0][..], &[0x40; 2]].concat();
    assert_eq!(
        document_error(&es256),
        DocumentError::ProtectedHeader("a10126".to_owned())
    );
    let critical = [
        &[0x84, 0x47, 0xa2, 0x01, 0x38, 0x22, 0x02, 0x81, 0x01, 0xa0][..],
        &[0x40; 2],
    ]
    .concat();
    assert!(matches!(document_error(&critical), DocumentError::ProtectedHeader(_)));
    let doubled = [
        &[0x84, 0x47, 0xa2, 0x01, 0x38, 0x22, 0x01, 0x38, 0x22, 0xa0][..],
        &[0x40; 2],
    ]
    .concat();
    assert!(matches!(document_error(&doubled), DocumentError::ProtectedHeader(_)));
    let unprotected = [&[0x84, 0x44][..], &PROTECTED_HEADER, &[0xa1, 0x01, 0x26], &[0x40; 2]].concat();
    assert_eq!(document_error(&unprotected), DocumentError::UnprotectedHeader(1));
}

#[test]
fn another_shape_than_cose_sign1_is_refused() {
    assert_eq!(document_error(&[0x83, 0x40, 0xa0, 0x40]), DocumentError::Elements(3));
    assert_eq!(document_error(&[0xd1, 0x84]), DocumentError::Tag(17));
    assert_eq!(document_error(&[0x9f, 0xff]), DocumentError::NotShortest(0));
    assert!(matches!(document_error(&[]), DocumentError::Cbor(_)));
    assert!(matches!(document_error(b"text"), DocumentError::Cbor(_)));
    for size in [0, 95, 97] {
        let (leaf, root) = leaf_and_root();
        let document = envelope_of_signature(&payload(&leaf, &root).encode(), &vec![1; size]);
        assert_eq!(document_error(&document), DocumentError::SignatureSize(size));
    }
}

#[test]
fn a_doubled_unknown_or_missing_key_is_refused() {
    let entries = entries();
    for index in 0..entries.len() {
        let mut doubled = entries.clone();
        doubled.push(entries[index].clone());
        assert_eq!(
            document_error(&of_entries(&doubled)),
            DocumentError::DoubledKey(entries[index].0.to_owned())
        );
    }
    let mut unknown = entries.clone();
    unknown[8].0 = "nonsense";
    assert_eq!(
        document_error(&of_entries(&unknown)),
        DocumentError::UnknownKey("nonsense".to_owned())
    );
    for index in 0..6 {
        let mut missing = entries.clone();
        let (key, _) = missing.remove(index);
        assert_eq!(document_error(&of_entries(&missing)), DocumentError::Missing(key));
    }
}

#[test]
fn an_absent_optional_key_is_as_good_as_null() {
    let entries: Vec<_> = entries().into_iter().take(6).collect();
    // Well-formed, so the next step speaks: the signature is of a key without certificate.
    assert_eq!(
        judge(&of_entries(&entries)).expect_err("unsigned"),
        VerifyError::Signature
    );
}

#[test]
fn the_payload_may_be_a_map_of_indefinite_length_and_nothing_inside_may() {
    let entries = entries();
    let mut payload = vec![0xbf];
    for (key, value) in &entries {
        Encoder::new(&mut payload).str(key).expect("memory");
        payload.extend(value);
    }
    assert!(
        matches!(document_error(&of_payload(&payload)), DocumentError::Cbor(_)),
        "no end"
    );
    payload.push(0xff);
    assert_eq!(
        judge(&of_payload(&payload)).expect_err("unsigned"),
        VerifyError::Signature
    );
    let mut inside = entries.clone();
    inside[3].1 = [&[0xbf][..], &inside[3].1[1..], &[0xff]].concat();
    assert!(matches!(
        document_error(&of_entries(&inside)),
        DocumentError::NotShortest(_)
    ));
    let mut inside = entries;
    inside[5].1 = [&[0x9f][..], &inside[5].1[1..], &[0xff]].concat();
    assert!(matches!(
        document_error(&of_entries(&inside)),
        DocumentError::NotShortest(_)
    ));
}

#[test]
fn a_number_or_length_in_a_longer_form_is_refused() {
    let mut longer = entries();
    longer[1].1 = [&[0x78, 6][..], b"SHA384"].concat();
    assert!(matches!(
        document_error(&of_entries(&longer)),
        DocumentError::NotShortest(_)
    ));
    let mut longer = entries();
    longer[2].1 = vec![0x1b, 0, 0, 0, 0, 0, 0, 0, 9];
    assert!(matches!(
        document_error(&of_entries(&longer)),
        DocumentError::NotShortest(_)
    ));
}

#[test]
fn each_field_has_its_bounds() {
    let size = |bend: fn(&mut NitroDocument)| document_error(&bent(bend));
    assert_eq!(
        size(|p| p.module_id.clear()),
        DocumentError::Size {
            field: "module_id",
            size: 0
        }
    );
    assert_eq!(
        size(|p| p.digest = "SHA256".to_owned()),
        DocumentError::Digest("SHA256".to_owned())
    );
    assert_eq!(size(|p| p.timestamp = 0), DocumentError::Timestamp);
    assert_eq!(size(|p| p.pcrs.clear()), DocumentError::Size { field: "pcrs", size: 0 });
    assert_eq!(
        size(|p| p.pcrs[0].1.truncate(32)),
        DocumentError::Size {
            field: "a register",
            size: 32
        }
    );
    assert_eq!(size(|p| p.pcrs[15].0 = 32), DocumentError::RegisterIndex(32));
    assert_eq!(size(|p| p.pcrs[15].0 = 0), DocumentError::DoubledKey("0".to_owned()));
    assert_eq!(size(|p| drop(p.pcrs.remove(1))), DocumentError::Missing("PCR1"));
    assert_eq!(
        size(|p| p.certificate.clear()),
        DocumentError::Size {
            field: "certificate",
            size: 0
        }
    );
    assert_eq!(
        size(|p| p.certificate = vec![0; 1025]),
        DocumentError::Size {
            field: "certificate",
            size: 1025
        }
    );
    assert_eq!(
        size(|p| p.cabundle.clear()),
        DocumentError::Size {
            field: "cabundle",
            size: 0
        }
    );
    assert_eq!(
        size(|p| p.nonce = Some(vec![0; 1025])),
        DocumentError::Size {
            field: "nonce",
            size: 1025
        }
    );
}

#[test]
fn announced_counts_cost_nothing() {
    // A map of 2^64-1 entries, and a byte string of as many bytes.
    let many = [0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    assert!(matches!(document_error(&of_payload(&many)), DocumentError::Cbor(_)));
    let long = [0x84, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    assert!(matches!(document_error(&long), DocumentError::Cbor(_)));
}

proptest! {
    #[test]
    fn a_payload_of_any_bytes_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(judge(&envelope_of_signature(&bytes, &[1; 96])).is_err());
    }
}
