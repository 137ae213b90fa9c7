//! Evidence laid open: every byte has one name, and its range says so.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

mod support;

use orv_evidence::Platform;
use orv_verify::{Authority, Field, fields};
use support::right;

fn named<'a>(fields: &'a [Field], name: &str) -> &'a Field {
    fields.iter().find(|field| field.name == name).expect("a field")
}

#[test]
fn a_nitro_documents_fields_stand_where_they_say() {
    let document = right();
    let fields = fields(&document, Platform::SimNitro).expect("well-formed");
    let nonce = named(&fields, "nonce");
    assert!(document[nonce.bytes.clone()].ends_with(&[7; 32]));
    assert_eq!(
        (nonce.value.as_str(), nonce.authority),
        (hex::encode([7; 32]).as_str(), Authority::Guest)
    );
    let pcr0 = named(&fields, "pcr0");
    assert!(document[pcr0.bytes.clone()].ends_with(&hex::decode(&pcr0.value).expect("digits")));
    let signature = named(&fields, "signature");
    assert_eq!(signature.bytes, document.len() - 96..document.len());
    assert!(fields.windows(2).all(|pair| pair[0].bytes.end <= pair[1].bytes.start));
}

#[test]
fn what_is_not_well_formed_has_no_fields() {
    let mut document = right();
    document.push(0);
    assert!(fields(&document, Platform::SimNitro).is_err());
}
