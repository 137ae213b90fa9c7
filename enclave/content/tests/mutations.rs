//! Whatever is done to an archive on its way: who knows its hash sees the identical tree or gets an error, and the reader
//! alone takes nothing but contents from where it was changed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod forge;

use std::ops::Range;

use forge::{archive, directory, file, gzip, pax, symlink, tree, zstandard};
use orv_content::Sha256;
use orv_content::archive::{Quota, read, write};
use orv_content::identity::{ContentKind, identify};
use orv_content::merkle::root_of;
use orv_content::tree::{Node, Tree, TreePath};
use proptest::prelude::*;
use proptest::sample::Index;

/// An archive with an entry of each kind that a reader treats in its own way.
fn every_kind() -> Vec<u8> {
    archive(&[
        directory("./"),
        directory("d/"),
        file("d/a", b"one"),
        pax(&[("path", "d/long"), ("mtime", "1.5")]),
        file("short", &[7; 700]),
        symlink("d/link", "a"),
        file("empty", b""),
    ])
}

#[derive(Debug, Clone)]
enum Mutation {
    Change {
        at: Index,
        by: u8,
    },
    Cut {
        from: Index,
        length: usize,
    },
    Insert {
        at: Index,
        byte: u8,
        times: usize,
    },
    /// Blocks of 512 bytes, as headers are.
    Swap {
        one: Index,
        other: Index,
    },
    Repeat {
        block: Index,
        at: Index,
    },
    Truncate {
        to: Index,
    },
    AppendZeros(usize),
}

fn any_mutation() -> impl Strategy<Value = Mutation> {
    let index = any::<Index>;
    prop_oneof![
        (index(), 1u8..).prop_map(|(at, by)| Mutation::Change { at, by }),
        (index(), 1..2000_usize).prop_map(|(from, length)| Mutation::Cut { from, length }),
        (index(), prop_oneof![Just(0), any::<u8>()], 1..2000_usize).prop_map(|(at, byte, times)| Mutation::Insert {
            at,
            byte,
            times
        }),
        (index(), index()).prop_map(|(one, other)| Mutation::Swap { one, other }),
        (index(), index()).prop_map(|(block, at)| Mutation::Repeat { block, at }),
        index().prop_map(|to| Mutation::Truncate { to }),
        (1..2000_usize).prop_map(Mutation::AppendZeros),
    ]
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        let block = |index: &Index| index.index(length.div_ceil(512)) * 512;
        match self {
            Self::Change { at, by } => bytes[at.index(length)] ^= by,
            Self::Cut { from, length: cut } => {
                let from = from.index(length);
                bytes.drain(from..length.min(from + cut));
            }
            Self::Insert { at, byte, times } => {
                let at = at.index(length + 1);
                bytes.splice(at..at, std::iter::repeat_n(*byte, *times));
            }
            Self::Swap { one, other } => {
                let (one, other) = (block(one), block(other));
                for offset in (0..512).take_while(|offset| one.max(other) + offset < length) {
                    bytes.swap(one + offset, other + offset);
                }
            }
            Self::Repeat { block: repeated, at } => {
                let from = block(repeated);
                let copy = bytes[from..length.min(from + 512)].to_vec();
                let at = block(at);
                bytes.splice(at..at, copy);
            }
            Self::Truncate { to } => bytes.truncate(to.index(length)),
            Self::AppendZeros(times) => bytes.resize(length + times, 0),
        }
    }
}

/// What everybody does who has a hash: recognise, cut to the canonical end, read.
fn open(bytes: &[u8], hash: &[u8; 32]) -> Option<Tree> {
    let identified = identify(bytes, hash, ContentKind::Tar).ok()?;
    read(identified.canonical.to_vec().into(), &Quota::project()).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]
    #[test]
    fn who_knows_the_hash_sees_the_identical_tree_or_gets_an_error(
        packed in 0..4_usize,
        by_root in any::<bool>(),
        mutations in prop::collection::vec(any_mutation(), 1..4),
    ) {
        let plain = every_kind();
        let original = match packed {
            0 => plain,
            1 => write(&tree(&[("a", "one"), ("b/c", "two")])),
            2 => gzip(&plain),
            _ => zstandard(&plain),
        };
        let hash = if by_root { root_of(&original).unwrap().0 } else { Sha256::of(&original).0 };
        let expected = open(&original, &hash).unwrap();
        let mut mutated = original;
        mutations.iter().for_each(|mutation| mutation.apply(&mut mutated));
        if let Some(found) = open(&mutated, &hash) {
            prop_assert_eq!(found.hash(), expected.hash());
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_byte_changed_in_a_header_or_behind_a_content_gives_the_identical_tree_or_an_error(at in any::<Index>(), by in 1u8..) {
        let original = bytes::Bytes::from(every_kind());
        let expected = read(original.clone(), &Quota::project()).unwrap();
        let at = at.index(original.len());
        // Records are contents to tar: no checksum covers them.
        prop_assume!(!records(&original).contains(&at));
        let mut mutated = original.to_vec();
        mutated[at] ^= by;
        let Ok(found) = read(mutated.into(), &Quota::project()) else { return Ok(()) };
        let changed = expected.iter().find(|(_, node)| holds(node, &original, at)).map(|(path, _)| path);
        match changed {
            None => prop_assert_eq!(found, expected),
            Some(path) => {
                prop_assert_ne!(found.get(path), expected.get(path));
                prop_assert_eq!(without(found, path), without(expected.clone(), path));
            }
        }
    }
}

/// Where the records of the pax header lie, before their padding.
fn records(archive: &[u8]) -> Range<usize> {
    let header = archive.chunks(512).position(|block| block[156] == b'x').unwrap();
    let start = (header + 1) * 512;
    start..start + archive[start..].iter().position(|byte| *byte == 0).unwrap()
}

/// Whether the byte at this offset of the archive belongs to the content of this file, which is a slice of it.
fn holds(node: &Node, archive: &bytes::Bytes, at: usize) -> bool {
    match node {
        Node::File { content, .. } => content.as_ptr_range().contains(&archive[at..].as_ptr()),
        Node::Symlink { .. } => false,
    }
}

fn without(mut tree: Tree, path: &TreePath) -> Tree {
    tree.remove(path);
    tree
}
