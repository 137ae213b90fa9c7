//! The one-file image for VMs, read back by a reader that shares no code with the writer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use orv_image::uki::{Contents, PeError, Section, SectionKind, compile, write};
use proptest::prelude::*;
use std::path::Path;

fn stub() -> Vec<u8> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .parent()
        .unwrap();
    compile(repository, tempfile::tempdir().unwrap().path()).unwrap()
}

fn number(file: &[u8], at: usize, length: usize) -> usize {
    file[at..at + length]
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// A section as firmware finds it: name, address, flags, content.
struct Found {
    name: String,
    address: usize,
    flags: usize,
    content: Vec<u8>,
}

/// Reads the headers as firmware does, and insists on what it insists on.
fn read(file: &[u8]) -> Vec<Found> {
    assert_eq!(&file[..2], b"MZ");
    let header = number(file, 0x3c, 4);
    assert_eq!(&file[header..header + 4], b"PE\0\0");
    assert_eq!(number(file, header + 4, 2), 0x8664);
    assert_eq!(number(file, header + 8, 4), 0, "no time");
    let optional = header + 24;
    assert_eq!(number(file, optional, 2), 0x20b);
    assert_eq!(number(file, optional + 68, 2), 10, "a program for firmware");
    let size = number(file, optional + 56, 4);
    let table = optional + number(file, header + 20, 2);
    let mut end = 0;
    let sections = (0..number(file, header + 6, 2)).map(|index| {
        let entry = table + index * 40;
        let name = String::from_utf8_lossy(&file[entry..entry + 8])
            .trim_end_matches('\0')
            .to_owned();
        let [length, address, raw, at] = [8, 12, 16, 20].map(|field| number(file, entry + field, 4));
        assert_eq!((address % 4096, raw % 512, at % 512), (0, 0, 0), "{name} is aligned");
        assert!(address >= end, "{name} lies over another");
        end = address + length;
        assert!(end <= size, "{name} lies outside");
        let flags = number(file, entry + 36, 4);
        assert_ne!(flags & 0xa000_0000, 0xa000_0000, "{name} is written and run");
        let content = file[at..at + length.min(raw)].to_vec();
        Found {
            name,
            address,
            flags,
            content,
        }
    });
    let sections: Vec<Found> = sections.collect();
    let entry = number(file, optional + 16, 4);
    let code = sections.iter().find(|section| section.name == ".text").unwrap();
    assert!(
        (code.address..code.address + code.content.len()).contains(&entry),
        "it begins in its code"
    );
    sections
}

#[test]
fn firmware_finds_kernel_initrd_and_command_line_in_their_sections() {
    let stub = stub();
    let contents = Contents {
        stub: &stub,
        kernel: b"KERNEL",
        initrd: b"INITRD",
        command_line: "quiet",
        release: "6.12-orv",
    };
    let file = contents.write().unwrap();
    let sections = read(&file);
    let content = |name: &str| {
        sections
            .iter()
            .find(|section| section.name == name)
            .unwrap()
            .content
            .as_slice()
    };
    assert_eq!(content(".linux"), b"KERNEL");
    assert_eq!(content(".initrd"), b"INITRD");
    assert_eq!(content(".cmdline"), b"quiet");
    assert_eq!(content(".uname"), b"6.12-orv");
    assert!(content(".osrel").starts_with(b"ID=orv\n"));
    assert_eq!(file, contents.write().unwrap());
}

#[test]
fn every_address_of_the_stub_itself_is_listed_for_the_loader_and_already_moved() {
    let sections = read(&write(&stub(), &[]).unwrap());
    let table = &sections
        .iter()
        .find(|section| section.name == ".reloc")
        .unwrap()
        .content;
    let mut at = 0;
    while at < table.len() {
        let (page, length) = (number(table, at, 4), number(table, at + 4, 4));
        assert_eq!((page % 4096, length % 4), (0, 0));
        for entry in (at + 8..at + length)
            .step_by(2)
            .map(|at| number(table, at, 2))
            .filter(|entry| *entry != 0)
        {
            assert_eq!(entry >> 12, 10, "an address of 64 bits");
            let place = page + (entry & 0xfff);
            let home = sections
                .iter()
                .find(|section| (section.address..section.address + section.content.len()).contains(&place));
            let home = home.unwrap();
            let value = number(&home.content, place - home.address, 8);
            let code = sections.iter().find(|section| section.flags & 0x20 != 0).unwrap();
            assert!(
                (code.address..code.address + code.content.len()).contains(&value),
                "{value:#x} is in the code"
            );
        }
        at += length;
    }
    assert_eq!(at, table.len());
}

#[test]
fn the_stub_is_the_same_from_any_folder() {
    let copy = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../images/stub/stub.rs");
    std::fs::create_dir_all(copy.path().join("images/stub")).unwrap();
    std::fs::copy(source, copy.path().join("images/stub/stub.rs")).unwrap();
    assert_eq!(compile(copy.path(), &copy.path().join("work")).unwrap(), stub());
}

#[test]
fn what_is_no_program_and_what_is_no_name_are_refused() {
    assert!(matches!(write(b"#!/bin/sh\n", &[]), Err(PeError::Stub(_))));
    let long = Section {
        name: ".too-long-a-name",
        content: b"",
        kind: SectionKind::Data,
    };
    assert_eq!(write(&stub(), &[long]), Err(PeError::Name(".too-long-a-name".into())));
}

proptest! {
    #[test]
    fn no_bytes_for_a_stub_make_it_panic(rest in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = write(&[b"\x7fELF\x02\x01".as_slice(), &rest].concat(), &[]);
    }
}
