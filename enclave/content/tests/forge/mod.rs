//! Archives by hand, so that a test can write what no library would.
#![allow(clippy::unwrap_used)]
#![allow(dead_code)]

use std::io::Write;

use orv_content::tree::{Executable, Node, Tree, TreePath};

/// A ustar header with a right checksum, then the content padded to blocks.
pub fn entry(name: &str, flag: u8, link: &str, content: &[u8]) -> Vec<u8> {
    let mut block = header(name, flag, link, content.len() as u64);
    block.extend_from_slice(content);
    block.resize(block.len().next_multiple_of(512), 0);
    block
}

/// A header alone.
pub fn header(name: &str, flag: u8, link: &str, size: u64) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..107].copy_from_slice(b"0000644");
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[156] = flag;
    block[157..157 + link.len()].copy_from_slice(link.as_bytes());
    block[257..265].copy_from_slice(b"ustar\x0000");
    seal(block)
}

/// Puts the right checksum into a header.
pub fn seal(mut block: Vec<u8>) -> Vec<u8> {
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block[..512].iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

pub fn file(name: &str, content: &[u8]) -> Vec<u8> {
    entry(name, b'0', "", content)
}

pub fn directory(name: &str) -> Vec<u8> {
    entry(name, b'5', "", b"")
}

pub fn symlink(name: &str, target: &str) -> Vec<u8> {
    entry(name, b'2', target, b"")
}

pub fn hard_link(name: &str, target: &str) -> Vec<u8> {
    entry(name, b'1', target, b"")
}

/// A pax header with these records.
pub fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let mut data = Vec::new();
    for (key, value) in records {
        let rest = key.len() + value.len() + 3;
        let length = (1..)
            .find(|digits| (rest + digits).to_string().len() == *digits)
            .unwrap()
            + rest;
        data.extend(format!("{length} {key}={value}\n").into_bytes());
    }
    entry("pax", b'x', "", &data)
}

/// The entries and an end marker.
pub fn archive(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut archive = entries.concat();
    archive.extend([0; 1024]);
    archive
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstandard(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

pub fn path(text: &str) -> TreePath {
    TreePath::new(text).unwrap()
}

pub fn plain_file(content: &[u8]) -> Node {
    Node::File {
        executable: Executable::No,
        content: content.to_vec().into(),
    }
}

/// A tree of plain files.
pub fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    for (name, content) in files {
        tree.insert(path(name), plain_file(content.as_bytes())).unwrap();
    }
    tree
}
