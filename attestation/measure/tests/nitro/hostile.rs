//! Files that no two loaders would read alike are refused, and nothing makes the reader panic.

use crate::eif::{
    COMMAND_LINE, COUNT_AT, KERNEL, LENGTH, METADATA, OFFSETS_AT, RAMDISK, SIGNATURE, SIZES_AT, VERSION_AT, image,
    ordinary, pem, sealed, signature,
};
use orv_measure::nitro::{Image, ImageError, Parts, SignatureError, measure, pcr8};
use proptest::prelude::*;

type Section<'a> = (u16, &'a [u8]);

fn refusal(file: &[u8]) -> ImageError {
    Image::parse(file).unwrap_err()
}

fn bent(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = ordinary();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    sealed(file)
}

#[test]
fn an_image_measures_as_its_parts_do() {
    let file = ordinary();
    let parts = Parts {
        kernel: b"the kernel",
        command_line: b"console=ttyS0",
        ramdisks: vec![b"init", b"application"],
        signing_certificate: None,
    };
    let image = Image::parse(&file).unwrap();
    assert_eq!(image.measure(), measure(&parts));
    assert_eq!(image.unmeasured_metadata(), Some(b"{}".as_slice()));
    let names: Vec<_> = image.inputs().into_iter().map(|input| input.name).collect();
    assert_eq!(names, ["kernel", "command line", "ramdisk 0", "ramdisk 1"]);
}

#[test]
fn every_byte_of_a_measured_section_changes_a_register_and_no_byte_of_the_metadata_does() {
    let genuine = Image::parse(&ordinary()).unwrap().measure();
    let file = ordinary();
    let (mut unseen, mut seen) = (0, 0);
    for at in LENGTH..file.len() {
        let mut other = file.clone();
        other[at] ^= 1;
        assert!(Image::parse(&other).is_err(), "the checksum covers byte {at}");
        match Image::parse(&sealed(other)) {
            Ok(image) if image.measure() == genuine => unseen += 1,
            Ok(_) => seen += 1,
            Err(_) => {}
        }
    }
    // Two bytes of metadata, and two bytes of flags in each section's header.
    assert_eq!(unseen, 2 + 5 * 2);
    assert!(seen >= b"the kernelconsole=ttyS0initapplication".len());
}

#[test]
fn bytes_that_do_not_begin_like_an_image_are_named() {
    assert_eq!(refusal(b"MZ\0\0"), ImageError::NotAnImage(*b"MZ\0\0"));
    assert!(matches!(refusal(b".e"), ImageError::Truncated(_)));
    assert_eq!(refusal(&bent(VERSION_AT, &[0, 9])), ImageError::Version(9));
}

#[test]
fn a_table_that_disagrees_with_the_file_is_refused() {
    let second = OFFSETS_AT + 8;
    assert!(matches!(
        refusal(&bent(second, &[0; 8])),
        ImageError::Offset { index: 1, said: 0, .. }
    ));
    assert!(matches!(
        refusal(&bent(SIZES_AT, &[0; 8])),
        ImageError::Size {
            index: 0,
            said: 0,
            found: 10
        }
    ));
    assert_eq!(refusal(&bent(COUNT_AT, &[0, 33])), ImageError::TooManySections(33));
    assert!(matches!(refusal(&bent(COUNT_AT, &[0, 4])), ImageError::Trailing(23)));
    assert!(matches!(
        refusal(&bent(COUNT_AT, &[0, 6])),
        ImageError::Offset { index: 5, .. }
    ));
}

#[test]
fn a_section_longer_than_the_file_is_refused_before_anything_is_taken() {
    let mut file = ordinary();
    for at in [SIZES_AT, LENGTH + 4] {
        file[at..at + 8].copy_from_slice(&u64::MAX.to_be_bytes());
    }
    assert!(matches!(refusal(&sealed(file)), ImageError::Truncated(error) if error.wanted == u64::MAX));
}

#[test]
fn a_wrong_checksum_is_refused() {
    let mut file = ordinary();
    *file.last_mut().unwrap() ^= 1;
    assert!(matches!(refusal(&file), ImageError::Checksum { .. }));
}

#[test]
fn bytes_behind_the_last_section_are_refused() {
    let mut file = ordinary();
    file.push(0);
    assert_eq!(refusal(&sealed(file)), ImageError::Trailing(1));
}

#[test]
fn sections_in_another_order_or_number_are_refused() {
    let (kernel, line, ramdisk) = (
        (KERNEL, b"k".as_slice()),
        (COMMAND_LINE, b"c".as_slice()),
        (RAMDISK, b"r".as_slice()),
    );
    let cases: &[(&[Section], ImageError)] = &[
        (
            &[line, kernel, ramdisk],
            ImageError::Order {
                index: 1,
                kind: "kernel",
            },
        ),
        (
            &[kernel, ramdisk, line],
            ImageError::Order {
                index: 2,
                kind: "command line",
            },
        ),
        (&[kernel, kernel, line, ramdisk], ImageError::Doubled("kernel")),
        (&[kernel, line, line, ramdisk], ImageError::Doubled("command line")),
        (&[line, ramdisk], ImageError::Missing("kernel")),
        (&[kernel, ramdisk], ImageError::Missing("command line")),
        (&[kernel, line], ImageError::Missing("ramdisk")),
        (
            &[kernel, line, ramdisk, (9, b"")],
            ImageError::UnknownSection { index: 3, kind: 9 },
        ),
        (
            &[kernel, line, ramdisk, (METADATA, b""), (METADATA, b"")],
            ImageError::Doubled("metadata"),
        ),
    ];
    for (sections, expected) in cases {
        assert_eq!(refusal(&image(sections)), *expected);
    }
}

fn signed(section: &[u8]) -> Vec<u8> {
    image(&[
        (KERNEL, b"k"),
        (COMMAND_LINE, b"c"),
        (RAMDISK, b"r"),
        (SIGNATURE, section),
    ])
}

#[test]
fn a_signed_image_reports_its_signer() {
    let file = signed(&signature(pem(b"a certificate").as_bytes()));
    assert_eq!(Image::parse(&file).unwrap().measure().pcr8, pcr8(b"a certificate"));
}

#[test]
fn a_signature_section_that_names_no_one_signer_is_refused() {
    let good = signature(pem(b"a certificate").as_bytes());
    let two_blocks = pem(b"one") + &pem(b"two");
    let mut trailing = good.clone();
    trailing.push(0);
    let mut two = good.clone();
    two[0] = 0x82;
    let cases = [
        (vec![0; 40_000], SignatureError::TooLong(40_000)),
        (two, SignatureError::Count(2)),
        (trailing, SignatureError::Trailing(1)),
        (vec![0x81, 0xa0], SignatureError::NoSignature),
        (vec![0x81, 0xa1, 0x61, b'x', 0], SignatureError::Key("x".to_owned())),
        (signature(b"no block"), SignatureError::Pem("no beginning")),
        (signature(two_blocks.as_bytes()), SignatureError::Pem("a second block")),
    ];
    for (section, expected) in cases {
        assert_eq!(refusal(&signed(&section)), ImageError::Signature(expected));
    }
    assert!(matches!(
        refusal(&signed(&[0x81, 0xbf])),
        ImageError::Signature(SignatureError::Encoding(_))
    ));
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = Image::parse(&bytes);
    }

    #[test]
    fn any_change_of_an_image_is_answered(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        section in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut file = signed(&section);
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let _ = Image::parse(&sealed(file));
    }

    #[test]
    fn what_is_written_is_read(kernel: Vec<u8>, line: Vec<u8>, ramdisks in proptest::collection::vec(any::<Vec<u8>>(), 1..5)) {
        let mut sections = vec![(KERNEL, kernel.as_slice()), (COMMAND_LINE, &line)];
        sections.extend(ramdisks.iter().map(|ramdisk| (RAMDISK, ramdisk.as_slice())));
        let file = image(&sections);
        let image = Image::parse(&file).unwrap();
        prop_assert_eq!(&image.parts().ramdisks, &ramdisks);
        prop_assert_eq!(image.parts().kernel, kernel);
    }
}
