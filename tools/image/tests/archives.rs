//! Archives and image files, read back by readers that share no code with the writers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use orv_image::cpio::{Entry, Tree};
use orv_image::eif::{Contents, EifError, Metadata};
use orv_measure::nitro::Image;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One entry as a reader finds it: path, mode, links, device, content.
type Found = (String, u32, u32, (u32, u32), Vec<u8>);

/// Reads an archive as the kernel's unpacker does (`init/initramfs.c`), and insists on what must not vary.
fn read(archive: &[u8]) -> Vec<Found> {
    assert_eq!(archive.len() % 512, 0);
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        assert_eq!(&archive[at..at + 6], b"070701", "at {at}");
        let field = |index: usize| {
            let digits = &archive[at + 6 + index * 8..at + 14 + index * 8];
            u32::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap()
        };
        let (user, group, time, checksum) = (field(2), field(3), field(5), field(12));
        assert_eq!((user, group, time, checksum), (0, 0, 0, 0));
        let (length, name_length) = (field(6) as usize, field(11) as usize);
        let name = &archive[at + 110..at + 110 + name_length];
        let (name, end) = name.split_at(name_length - 1);
        assert_eq!(end, [0]);
        let name = String::from_utf8(name.to_vec()).unwrap();
        let content = (at + 110 + name_length).next_multiple_of(4);
        if name == "TRAILER!!!" {
            assert!(archive[content..].iter().all(|byte| *byte == 0));
            return found;
        }
        assert_eq!(field(0) as usize, found.len() + 1, "numbers count up");
        let bytes = archive[content..content + length].to_vec();
        found.push((name, field(1), field(4), (field(9), field(10)), bytes));
        at = (content + length).next_multiple_of(4);
    }
}

fn entries() -> impl Strategy<Value = BTreeMap<String, Entry>> {
    let entry = prop_oneof![
        vec(any::<u8>(), 0..200).prop_map(Entry::Program),
        vec(any::<u8>(), 0..200).prop_map(Entry::Data),
        (0..256u32, 0..256u32).prop_map(|(major, minor)| Entry::CharacterDevice { major, minor }),
        Just(Entry::Directory),
    ];
    btree_map("[a-z]{1,12}", entry, 0..20)
}

proptest! {
    #[test]
    fn an_archive_reads_back_as_the_tree(entries in entries()) {
        let mut tree = Tree::new();
        for (path, entry) in entries.iter().rev() {
            tree.insert(path, entry.clone()).unwrap();
        }
        let expected: Vec<Found> = entries.iter().map(|(path, entry)| match entry {
            Entry::Directory => (path.clone(), 0o040_755, 2, (0, 0), vec![]),
            Entry::Program(content) => (path.clone(), 0o100_755, 1, (0, 0), content.clone()),
            Entry::Data(content) => (path.clone(), 0o100_644, 1, (0, 0), content.clone()),
            Entry::CharacterDevice { major, minor } => (path.clone(), 0o020_600, 1, (*major, *minor), vec![]),
        }).collect();
        prop_assert_eq!(read(&tree.archive().unwrap()), expected);
    }

    #[test]
    fn an_image_reads_back_as_its_parts(
        kernel in vec(any::<u8>(), 0..500),
        command_line in "[ -~]{0,80}",
        ramdisks in vec(vec(any::<u8>(), 0..300), 1..29),
    ) {
        let slices: Vec<&[u8]> = ramdisks.iter().map(Vec::as_slice).collect();
        let metadata = Metadata { name: "n".into(), version: "v".into(), kernel: "k".into() };
        let contents =
            Contents { kernel: &kernel, command_line: &command_line, ramdisks: &slices, metadata: &metadata };
        let file = contents.write().unwrap();
        let image = Image::parse(&file).unwrap();
        prop_assert_eq!(image.parts().kernel, kernel.as_slice());
        prop_assert_eq!(image.parts().command_line, command_line.as_bytes());
        prop_assert_eq!(&image.parts().ramdisks, &slices);
    }
}

fn metadata() -> Metadata {
    Metadata {
        name: "orv".into(),
        version: "1".into(),
        kernel: "6.12".into(),
    }
}

#[test]
fn the_header_of_an_image_is_what_the_format_says_field_by_field() {
    let contents = Contents {
        kernel: b"KERNEL",
        command_line: "quiet",
        ramdisks: &[b"RAM"],
        metadata: &metadata(),
    };
    let file = contents.write().unwrap();
    assert_eq!(&file[..8], b".eif\0\x04\0\0", "magic, version 4, no flags");
    assert_eq!(
        &file[8..24],
        [0u64.to_be_bytes(), 2u64.to_be_bytes()].concat().replaced(4, 0x40),
        "1 GiB, 2 processors"
    );
    assert_eq!(&file[24..28], [0, 0, 0, 4], "four sections");
    assert_eq!(
        &file[28..36],
        548u64.to_be_bytes(),
        "the first section follows the header"
    );
    assert_eq!(&file[28 + 256..36 + 256], 6u64.to_be_bytes(), "the kernel's length");
    assert_eq!(
        &file[548..560],
        [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6],
        "kind, flags, length"
    );
    assert_eq!(&file[560..566], b"KERNEL");
    let mut checksum = crc32(&file[..544], 0);
    checksum = crc32(&file[548..], checksum);
    assert_eq!(&file[544..548], checksum.to_be_bytes());
}

/// Sets one byte: the memory's size has a single one.
trait Replaced {
    fn replaced(self, at: usize, byte: u8) -> Self;
}

impl Replaced for Vec<u8> {
    fn replaced(mut self, at: usize, byte: u8) -> Self {
        self[at] = byte;
        self
    }
}

/// CRC-32 (IEEE 802.3) bit by bit.
fn crc32(bytes: &[u8], seed: u32) -> u32 {
    !bytes.iter().fold(!seed, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[test]
fn an_image_needs_a_ramdisk_and_a_command_line_that_the_kernel_reads_whole() {
    let contents = Contents {
        kernel: b"",
        command_line: "",
        ramdisks: &[],
        metadata: &metadata(),
    };
    assert_eq!(contents.write(), Err(EifError::NoRamdisk));
    let many: Vec<&[u8]> = vec![b""; 30];
    assert_eq!(
        Contents {
            ramdisks: &many,
            ..contents
        }
        .write(),
        Err(EifError::TooManyRamdisks(30))
    );
    let hidden = Contents {
        command_line: "quiet\0init=/x",
        ramdisks: &[b""],
        ..contents
    };
    assert_eq!(hidden.write(), Err(EifError::CommandLine(5)));
}
