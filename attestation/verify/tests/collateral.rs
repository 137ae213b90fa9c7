//! Collateral is told by its content, wherever it lies.

#![allow(clippy::expect_used)]

mod support;

use orv_evidence::Platform;
use orv_simulator::root_der;
use orv_verify::{Collateral, CollateralError, MAXIMUM_COLLATERAL_PIECE, MAXIMUM_COLLATERAL_PIECES, recognise};
use support::right;

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

fn read(bytes: &[u8]) -> Result<Collateral, CollateralError> {
    let mut collateral = Collateral::none();
    collateral.add(bytes).map(|()| collateral)
}

/// A host's table of one certificate of a kind that nobody knows.
fn table(certificate: &[u8], offset: u32) -> Vec<u8> {
    let length = u32::try_from(certificate.len()).expect("short");
    [
        &[7; 16],
        &offset.to_le_bytes()[..],
        &length.to_le_bytes(),
        &[0; 24],
        certificate,
    ]
    .concat()
}

#[test]
fn a_certificate_is_read_from_der_pem_and_a_hosts_table() {
    let one = vec![root_der().to_vec()];
    assert_eq!(read(root_der()).expect("DER").certificates, one);
    assert_eq!(
        read(pem("CERTIFICATE", root_der()).as_bytes())
            .expect("PEM")
            .certificates,
        one
    );
    assert_eq!(read(&table(root_der(), 48)).expect("a table").certificates, one);
}

#[test]
fn pem_may_hold_many() {
    let twice = pem("CERTIFICATE", root_der()).repeat(2);
    assert_eq!(read(twice.as_bytes()).expect("PEM").certificates.len(), 2);
}

#[test]
fn what_is_no_collateral_is_refused_with_its_reason() {
    assert!(matches!(read(b"{}"), Err(CollateralError::Json(_))));
    assert!(matches!(
        read(b"-----BEGIN CERTIFICATE-----\nAA"),
        Err(CollateralError::Pem(_))
    ));
    assert!(matches!(
        read(pem("PRIVATE KEY", root_der()).as_bytes()),
        Err(CollateralError::Pem(_))
    ));
    assert!(matches!(read(&[0x30, 0]), Err(CollateralError::Der(_))));
    assert!(matches!(read(&table(root_der(), 4000)), Err(CollateralError::Table(_))));
    assert_eq!(read(b""), Err(CollateralError::Empty));
    assert_eq!(read(b"a note"), Err(CollateralError::Unknown));
    let long = vec![b' '; MAXIMUM_COLLATERAL_PIECE + 1];
    assert_eq!(read(&long), Err(CollateralError::TooLong(long.len())));
}

#[test]
fn more_pieces_than_anybody_needs_are_refused() {
    let many = pem("CERTIFICATE", root_der()).repeat(MAXIMUM_COLLATERAL_PIECES + 1);
    assert_eq!(
        read(many.as_bytes()),
        Err(CollateralError::TooMany(MAXIMUM_COLLATERAL_PIECES + 1))
    );
}

#[test]
fn a_piece_that_is_refused_leaves_nothing_behind() {
    let mut collateral = read(root_der()).expect("DER");
    let before = collateral.clone();
    let many = pem("CERTIFICATE", root_der()).repeat(MAXIMUM_COLLATERAL_PIECES);
    assert!(collateral.add(many.as_bytes()).is_err());
    let ends_badly = pem("CERTIFICATE", root_der()) + &pem("PRIVATE KEY", root_der());
    assert!(collateral.add(ends_badly.as_bytes()).is_err());
    assert_eq!(collateral, before);
}

#[test]
fn evidence_is_told_by_its_first_bytes() {
    assert_eq!(recognise(&right()), Some(Platform::Nitro));
    assert_eq!(recognise(&[0xd2, 0x84]), Some(Platform::Nitro));
    assert_eq!(recognise(&[5, 0, 2, 0]), Some(Platform::Tdx));
    assert_eq!(recognise(&[2, 0, 0, 0]), Some(Platform::Snp));
    assert_eq!(recognise(&[]), None);
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }
}
