//! The committed root is what it says.

use orv_simulator::{KeyPair, published_root, root_der};
use ring::signature::{ECDSA_P384_SHA384_ASN1, UnparsedPublicKey};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

#[test]
fn the_committed_certificate_belongs_to_the_published_key() {
    let root = published_root().expect("the committed key opens");
    let certificate = Certificate::from_der(root_der()).expect("the committed certificate parses");
    let tbs = &certificate.tbs_certificate;
    assert_eq!(
        tbs.subject_public_key_info.subject_public_key.raw_bytes(),
        root.key.public_key()
    );
    assert_eq!(tbs.issuer, tbs.subject);
    assert!(tbs.subject.to_string().contains(root.name.common_name()));
    assert!(tbs.subject.to_string().contains("SIMULATED"));
    UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, root.key.public_key())
        .verify(&tbs.to_der().expect("DER"), certificate.signature.raw_bytes())
        .expect("the root signed itself");
}

#[test]
fn a_key_pair_survives_its_pkcs8_form() {
    let pair = KeyPair::generate().expect("randomness");
    let again = KeyPair::from_pkcs8(pair.pkcs8()).expect("the same key");
    assert_eq!(pair.public_key(), again.public_key());
    assert!(KeyPair::from_pkcs8(b"not a key").is_err());
}
