//! The host's certificate table is read within bounds, or not at all.

#![allow(clippy::expect_used)]

use orv_evidence::certificates::{CertificateKind, CertificateTable, CertificateTableError, MAXIMUM_TABLE};
use proptest::prelude::*;

const VCEK: u128 = 0x63da758d_e664_4564_adc5_f4b93be8accd;
const ARK: u128 = 0xc0b406a4_a803_4952_9743_3fb6014cd0ae;

fn entry(guid: u128, offset: u32, length: u32) -> Vec<u8> {
    [&guid.to_be_bytes()[..], &offset.to_le_bytes(), &length.to_le_bytes()].concat()
}

/// A well-formed table of the certificates given.
fn table(certificates: &[(u128, Vec<u8>)]) -> Vec<u8> {
    let mut offset = u32::try_from((certificates.len() + 1) * 24).expect("short");
    let mut head = Vec::new();
    let mut body = Vec::new();
    for (guid, certificate) in certificates {
        let length = u32::try_from(certificate.len()).expect("short");
        head.extend(entry(*guid, offset, length));
        body.extend(certificate);
        offset += length;
    }
    head.extend([0; 24]);
    [head, body].concat()
}

#[test]
fn certificates_are_found_by_their_kind() {
    let bytes = table(&[(VCEK, vec![1; 10]), (ARK, vec![2; 20]), (0xdead, vec![3])]);
    let padded = [&bytes[..], &[0; 500]].concat();
    let read = CertificateTable::decode(&padded).expect("a table");
    assert_eq!(read.first(CertificateKind::Vcek), Some(&[1; 10][..]));
    assert_eq!(read.first(CertificateKind::Ark), Some(&[2; 20][..]));
    assert_eq!(read.first(CertificateKind::Vlek), None);
    assert_eq!(read.entries().len(), 3);
    assert_eq!(read.bytes(), bytes, "the padding is cut");
    assert_eq!(
        read.first(CertificateKind::Other(0xdead_u128.to_be_bytes())),
        Some(&[3][..])
    );
}

#[test]
fn no_bytes_and_an_end_alone_are_tables_without_entries() {
    for bytes in [&[][..], &[0; 24], &[0; 4096]] {
        assert!(CertificateTable::decode(bytes).expect("a table").entries().is_empty());
    }
}

#[test]
fn a_table_without_end_or_bound_is_refused() {
    let end = |bytes: &[u8]| CertificateTable::decode(bytes).expect_err("no table");
    assert_eq!(end(&[0; 23]), CertificateTableError::NoEnd);
    assert_eq!(end(&entry(VCEK, 24, 1)), CertificateTableError::NoEnd);
    assert_eq!(
        end(&vec![0; MAXIMUM_TABLE + 1]),
        CertificateTableError::TooLong(MAXIMUM_TABLE + 1)
    );
    assert_eq!(end(&entry(VCEK, 24, 1).repeat(30)), CertificateTableError::TooMany);
}

#[test]
fn a_certificate_that_is_not_where_it_is_said_to_be_is_refused() {
    for (offset, length) in [
        (47, 1),
        (0, 48),
        (48, 0),
        (48, 11),
        (58, 1),
        (u32::MAX, 1),
        (48, u32::MAX),
        (u32::MAX, u32::MAX),
    ] {
        let bytes = [entry(VCEK, offset, length), vec![0; 24], vec![7; 10]].concat();
        assert_eq!(
            CertificateTable::decode(&bytes),
            Err(CertificateTableError::Place {
                index: 0,
                offset,
                length
            })
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
        let _ = CertificateTable::decode(&bytes);
    }

    #[test]
    fn no_entries_panic_and_every_certificate_lies_behind_the_head(
        entries in prop::collection::vec((any::<u128>(), 0..700_u32, 0..700_u32), 0..20),
        body in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let head: Vec<u8> = entries.iter().flat_map(|(guid, offset, length)| entry(*guid, *offset, *length)).collect();
        let bytes = [&head[..], &[0; 24], &body].concat();
        if let Ok(read) = CertificateTable::decode(&bytes) {
            prop_assert!(read.bytes().len() <= bytes.len());
            // What was cut off is not needed to read it again.
            prop_assert_eq!(&CertificateTable::decode(read.bytes()), &Ok(read.clone()));
        }
    }

    #[test]
    fn what_a_host_writes_is_read(
        certificates in prop::collection::vec(
            (1..=u128::MAX, prop::collection::vec(any::<u8>(), 1..300)),
            0..16,
        ),
    ) {
        let bytes = table(&certificates);
        let read = CertificateTable::decode(&bytes).expect("a table");
        prop_assert_eq!(read.bytes(), &bytes[..]);
        let found: Vec<_> = read.entries().iter().map(|entry| entry.bytes.to_vec()).collect();
        let given: Vec<_> = certificates.into_iter().map(|(_, bytes)| bytes).collect();
        prop_assert_eq!(found, given);
    }
}
