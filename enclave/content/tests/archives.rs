//! Reading what other programs write, writing what other programs read, and both being inverse.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod forge;

use std::io::Read;

use bytes::Bytes;
use forge::{archive, directory, entry, file, gzip, path, plain_file, symlink, tree, zstandard};
use orv_content::Sha256;
use orv_content::archive::{Quota, read, write};
use orv_content::identity::{ContentKind, IdentityError, MatchedHash, identify, identify_hashed};
use orv_content::merkle::root_of;
use orv_content::tree::{Executable, Node, Tree};
use proptest::prelude::*;

fn read_project(bytes: Vec<u8>) -> Tree {
    read(bytes.into(), &Quota::project()).unwrap()
}

#[test]
fn a_tar_of_a_directory_has_paths_from_its_top() {
    let read = read_project(archive(&[
        directory("./"),
        directory("./d/"),
        file("./d/f", b"x"),
        symlink("./l", "d/f"),
    ]));
    let mut expected = tree(&[("d/f", "x")]);
    expected
        .insert(path("l"), Node::Symlink { target: "d/f".into() })
        .unwrap();
    assert_eq!(read, expected);
}

#[test]
fn a_git_archive_is_read() {
    let comment = b"52 comment=0123456789012345678901234567890123456789\n";
    let read = read_project(archive(&[
        entry("pax_global_header", b'g', "", comment),
        file("a", b"x"),
    ]));
    assert_eq!(read, tree(&[("a", "x")]));
}

#[test]
fn what_the_tar_crate_writes_is_read() {
    let long = format!("{}/file", "directory".repeat(20));
    for format in [tar::Header::new_gnu, tar::Header::new_ustar] {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in [("short", "one"), (long.as_str(), "two")] {
            let mut header = format();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, name, content.as_bytes()).unwrap();
        }
        assert_eq!(
            read_project(builder.into_inner().unwrap()),
            tree(&[("short", "one"), (&long, "two")])
        );
    }
}

#[test]
fn what_we_write_is_read_by_the_tar_crate() {
    let (deep, long) = (format!("{}/file", "d".repeat(120)), "x".repeat(200));
    let mut tree = tree(&[("short", "one"), (&deep, "two"), (&long, "three"), ("ümlaut", "")]);
    tree.insert(
        path("link"),
        Node::Symlink {
            target: "y".repeat(300),
        },
    )
    .unwrap();
    let written = write(&tree);
    let mut archive = tar::Archive::new(written.as_slice());
    let mut names = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        match tree.get(&path(&name)).unwrap() {
            Node::File { content, .. } => {
                let mut found = Vec::new();
                entry.read_to_end(&mut found).unwrap();
                assert_eq!(content, &found, "{name}");
            }
            Node::Symlink { target } => assert_eq!(entry.link_name_bytes().unwrap(), target.as_bytes()),
        }
        names.push(name);
    }
    assert_eq!(names, tree.iter().map(|(path, _)| path.to_string()).collect::<Vec<_>>());
}

#[test]
fn compression_changes_nothing() {
    let tar = write(&tree(&[("a", "one"), ("b/c", "two")]));
    assert_eq!(read_project(gzip(&tar)), read_project(tar.clone()));
    assert_eq!(read_project(zstandard(&tar)), read_project(tar));
}

#[test]
fn files_of_a_plain_tar_are_slices_of_it() {
    let tar = Bytes::from(write(&tree(&[("a", "content")])));
    let read = read(tar.clone(), &Quota::project()).unwrap();
    assert_eq!(read.file("a").unwrap().as_ptr(), tar[512..].as_ptr());
}

#[test]
fn json_ends_at_its_last_byte_that_is_not_nul() {
    let json = b"{}\n";
    let root = root_of(json).unwrap();
    let mut padded = json.to_vec();
    padded.extend([0; 200]);
    let identified = identify(&padded, &root.0, ContentKind::Json).unwrap();
    assert_eq!(
        (identified.matched, identified.canonical.as_ref()),
        (MatchedHash::ZeroGRoot, json.as_slice())
    );
    let zeros = [0; 10];
    assert_eq!(
        identify(&zeros, &root_of(&zeros).unwrap().0, ContentKind::Json),
        Err(IdentityError::Blank)
    );
}

#[test]
fn a_tar_ends_at_its_first_end_marker() {
    // 19 blocks are 38 chunks, padded to 40: 512 bytes that the root does not bind.
    let tar = write(&tree(&[("a", &"x".repeat(16 * 512))]));
    assert_eq!(tar.len(), 19 * 512);
    let root = root_of(&tar).unwrap();
    let padded = [tar.clone(), vec![0; 512]].concat();
    assert_eq!(root_of(&padded).unwrap(), root);
    assert_eq!(identify(&padded, &root.0, ContentKind::Tar).unwrap().canonical, tar);
    assert_eq!(identify(&tar, &root.0, ContentKind::Tar).unwrap().canonical, tar);
    let cut = &tar[..tar.len() - 512];
    assert!(identify(cut, &root_of(cut).unwrap().0, ContentKind::Tar).is_err());
}

#[test]
fn zeros_that_are_cut_off_do_not_make_an_archive_of_somebody_else_malformed() {
    let tar = write(&tree(&[("a", &"x".repeat(16 * 512 + 300))]));
    // The size at the end of a gzip stream has zero bytes in front of the stream's last one.
    for whole in [tar.clone(), gzip(&tar)] {
        let root = root_of(&whole).unwrap();
        let cuts = (1..whole.len()).take_while(|cut| whole[whole.len() - cut] == 0);
        let cut = cuts
            .filter(|cut| root_of(&whole[..whole.len() - cut]).unwrap() == root)
            .last();
        let delivered = &whole[..whole.len() - cut.unwrap()];
        let identified = identify(delivered, &root.0, ContentKind::Tar).unwrap();
        assert_eq!(identified.matched, MatchedHash::ZeroGRoot);
        assert_eq!(identified.canonical, whole);
    }
}

#[test]
fn a_compressed_tar_ends_with_its_stream() {
    for packed in [
        gzip(&write(&tree(&[("a", "x")]))),
        zstandard(&write(&tree(&[("a", "x")]))),
    ] {
        let mut padded = packed.clone();
        padded.resize(packed.len().next_multiple_of(256), 0);
        let root = root_of(&packed).unwrap();
        assert_eq!(identify(&padded, &root.0, ContentKind::Tar).unwrap().canonical, packed);
    }
}

#[test]
fn sha256_binds_every_byte() {
    let json = b"{}\n\0";
    let expected = Sha256::of(json);
    let identified = identify(json, &expected.0, ContentKind::Json).unwrap();
    assert_eq!(
        (identified.matched, identified.canonical.as_ref()),
        (MatchedHash::Sha256, json.as_slice())
    );
    for other in [b"{}\n".as_slice(), b"{}\n\0\0"] {
        let refused = identify(other, &expected.0, ContentKind::Json);
        assert!(matches!(refused, Err(IdentityError::OtherContent { .. })));
    }
    assert_eq!(identify(b"", &expected.0, ContentKind::Json), Err(IdentityError::Empty));
    let hashed = identify_hashed(json, root_of(json).unwrap(), &expected.0, ContentKind::Json);
    assert_eq!(hashed, Ok(identified));
}

fn any_node() -> impl Strategy<Value = Node> {
    let content = prop::collection::vec(any::<u8>(), 0..2000);
    prop_oneof![
        (any::<bool>(), content).prop_map(|(executable, content)| Node::File {
            executable: if executable { Executable::Yes } else { Executable::No },
            content: content.into(),
        }),
        "[a-z]{1,150}(/[a-z]{1,9}){0,2}".prop_map(|target| Node::Symlink { target }),
    ]
}

/// Trees as they come out of a reader; conflicting paths are left out.
fn any_tree() -> impl Strategy<Value = Tree> {
    let name = prop_oneof!["[a-zé.]{1,9}x", "[a-z]{90,160}"];
    let any_path = prop::collection::vec(name, 1..4).prop_map(|components| components.join("/"));
    prop::collection::vec((any_path, any_node()), 0..8).prop_map(|entries| {
        let mut tree = Tree::new();
        for (text, node) in entries {
            let _ = tree.insert(path(&text), node);
        }
        tree
    })
}

proptest! {
    #[test]
    fn reading_what_was_written_gives_the_tree(tree in any_tree()) {
        let written = write(&tree);
        prop_assert_eq!(read_project(written.clone()), tree.clone());
        prop_assert_eq!(write(&read_project(written)), write(&tree));
    }

    #[test]
    fn reading_never_panics_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..3000), magic in 0..4usize) {
        let front: [&[u8]; 4] = [b"", &[0x1f, 0x8b, 8, 0], &[0x28, 0xb5, 0x2f, 0xfd], b"name"];
        let _ = read([front[magic], &bytes].concat().into(), &Quota::project());
        let _ = identify(&bytes, &root_of(&bytes).map_or([0; 32], |root| root.0), ContentKind::Tar);
    }

    #[test]
    fn a_mutation_never_passes_under_the_hash_and_reading_it_stays_well_defined(
        tree in any_tree(),
        position in any::<prop::sample::Index>(),
        value in 1u8..,
    ) {
        let written = write(&tree);
        let root = root_of(&written).unwrap();
        let mut mutated = written.clone();
        mutated[position.index(written.len())] ^= value;
        let identified = identify(&mutated, &root.0, ContentKind::Tar);
        let refused = matches!(identified, Err(IdentityError::OtherContent { .. }));
        prop_assert!(refused);
        if let Ok(read) = read(mutated.into(), &Quota::project()) {
            prop_assert_eq!(read_project(write(&read)), read);
        }
    }

    #[test]
    fn zeros_that_the_root_does_not_bind_may_be_cut_or_appended(tree in any_tree(), zeros in 0..3000usize, cut in any::<bool>()) {
        let written = write(&tree);
        let root = root_of(&written).unwrap();
        let mut delivered = written.clone();
        if cut { delivered.truncate(written.len().saturating_sub(zeros)) } else { delivered.resize(written.len() + zeros, 0) }
        let has_the_root = root_of(&delivered) == Ok(root);
        match identify(&delivered, &root.0, ContentKind::Tar) {
            Ok(identified) => prop_assert_eq!(identified.canonical.as_ref(), written.as_slice()),
            Err(error) => prop_assert!(!has_the_root, "{}", error),
        }
    }

    #[test]
    fn compressed_mutations_never_panic(position in any::<prop::sample::Index>(), value in 1u8.., zstd in any::<bool>()) {
        let tar = write(&tree(&[("a", "one"), ("b/c", &"two".repeat(300))]));
        let mut packed = if zstd { zstandard(&tar) } else { gzip(&tar) };
        let position = position.index(packed.len());
        packed[position] ^= value;
        let _ = read(packed.into(), &Quota::project());
    }
}

#[test]
fn a_plain_file_is_not_executable() {
    assert_eq!(
        read_project(archive(&[file("a", b"x")])).get(&path("a")),
        Some(&plain_file(b"x"))
    );
}
