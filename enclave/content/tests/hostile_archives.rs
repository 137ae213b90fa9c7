//! The hostile archives of container reference 7 and more: each is refused, and by its own name.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod forge;

use forge::{archive, directory, entry, file, gzip, hard_link, header, pax, seal, symlink, zstandard};
use orv_content::archive::{ArchiveError, CollectError, Quota, QuotaError, read};
use orv_content::tree::{PathError, Tree, TreeError};

fn read_all(entries: &[Vec<u8>]) -> Result<Tree, ArchiveError> {
    read(archive(entries).into(), &Quota::project())
}

fn refused(entries: &[Vec<u8>]) -> ArchiveError {
    read_all(entries).unwrap_err()
}

#[test]
fn names_that_leave_the_tree() {
    assert!(matches!(
        refused(&[file("../evil", b"x")]),
        ArchiveError::Path(PathError::RelativeComponent(_))
    ));
    assert!(matches!(
        refused(&[file("a/../../evil", b"x")]),
        ArchiveError::Path(PathError::RelativeComponent(_))
    ));
    assert!(matches!(
        refused(&[file("/etc/evil", b"x")]),
        ArchiveError::Path(PathError::Absolute(_))
    ));
    assert!(matches!(refused(&[directory("/")]), ArchiveError::Path(_)));
    assert!(matches!(
        refused(&[file("", b"x")]),
        ArchiveError::Path(PathError::EmptyComponent(_))
    ));
    assert!(matches!(
        refused(&[pax(&[("path", "../evil")]), file("a", b"x")]),
        ArchiveError::Path(_)
    ));
    assert!(matches!(
        refused(&[pax(&[("path", "a\0b")]), file("a", b"x")]),
        ArchiveError::Path(PathError::ControlCharacter(_))
    ));
    assert!(matches!(
        refused(&[entry("long", b'L', "", b"../evil\0"), file("a", b"x")]),
        ArchiveError::Path(_)
    ));
}

#[test]
fn links_that_leave_the_tree() {
    for target in ["/proc/self/root", "../outside", "a/../..", ""] {
        let error = refused(&[symlink("link", target)]);
        assert!(
            matches!(
                error,
                ArchiveError::Collect(CollectError::Tree(TreeError::UnsafeSymlink { .. }))
            ),
            "{target}"
        );
    }
    assert!(matches!(
        refused(&[hard_link("link", "/etc/passwd")]),
        ArchiveError::HardLink { .. }
    ));
    assert!(matches!(
        refused(&[file("a", b"x"), hard_link("link", "a")]),
        ArchiveError::HardLink { .. }
    ));
}

#[test]
fn entries_beneath_and_over_links() {
    let beneath = refused(&[symlink("d", "elsewhere"), file("d/f", b"x")]);
    assert!(matches!(
        beneath,
        ArchiveError::Collect(CollectError::Tree(TreeError::BeneathFile { .. }))
    ));
    let over = refused(&[symlink("d", "elsewhere"), directory("d/")]);
    assert!(matches!(over, ArchiveError::Collect(CollectError::Duplicate { .. })));
    let over = refused(&[symlink("f", "elsewhere"), file("f", b"x")]);
    assert!(matches!(over, ArchiveError::Collect(CollectError::Duplicate { .. })));
    let beneath = refused(&[file("f", b"x"), directory("f/d/")]);
    assert!(matches!(
        beneath,
        ArchiveError::Collect(CollectError::Tree(TreeError::BeneathFile { .. }))
    ));
    let over = refused(&[directory("d/"), file("d", b"x")]);
    assert!(matches!(
        over,
        ArchiveError::Collect(CollectError::Tree(TreeError::IsDirectory { .. }))
    ));
}

#[test]
fn special_files() {
    assert!(matches!(
        refused(&[entry("c", b'3', "", b"")]),
        ArchiveError::Device { .. }
    ));
    assert!(matches!(
        refused(&[entry("b", b'4', "", b"")]),
        ArchiveError::Device { .. }
    ));
    assert!(matches!(
        refused(&[entry("p", b'6', "", b"")]),
        ArchiveError::NamedPipe { .. }
    ));
    for flag in *b"7SMVDNA" {
        assert!(
            matches!(refused(&[entry("s", flag, "", b"")]), ArchiveError::EntryType { .. }),
            "{flag}"
        );
    }
}

#[test]
fn names_that_come_twice_or_differ_in_case_only() {
    let twice = refused(&[file("a", b"x"), file("./a", b"y")]);
    assert!(matches!(twice, ArchiveError::Collect(CollectError::Duplicate { .. })));
    for pair in [["README", "readme"], ["D/a", "d/b"], ["ÄRGER", "ärger"]] {
        let error = refused(&[file(pair[0], b"x"), file(pair[1], b"y")]);
        assert!(
            matches!(error, ArchiveError::Collect(CollectError::CaseCollision { .. })),
            "{pair:?}"
        );
    }
}

#[test]
fn a_set_user_id_is_not_kept() {
    let mut hostile = file("f", b"x");
    hostile[100..107].copy_from_slice(b"0006755");
    let block = seal(hostile[..512].to_vec());
    hostile[..512].copy_from_slice(&block);
    let tree = read_all(&[hostile]).unwrap();
    assert_eq!(tree.manifest()[0].mode, 0o100_755);
}

#[test]
fn compressed_bombs() {
    let zeros = archive(&[file("f", &vec![0; 64 << 20])]);
    let error = read(gzip(&zeros).into(), &Quota::project()).unwrap_err();
    assert_eq!(error, QuotaError::Ratio { limit: 200 }.into());
    let error = read(zstandard(&zeros).into(), &Quota::project()).unwrap_err();
    assert_eq!(error, QuotaError::Ratio { limit: 200 }.into());
    let small = Quota {
        bytes: 1 << 20,
        ..Quota::project()
    };
    assert_eq!(
        read(gzip(&zeros).into(), &small).unwrap_err(),
        QuotaError::Bytes { limit: 1 << 20 }.into()
    );
    assert_eq!(
        read(zeros.into(), &small).unwrap_err(),
        QuotaError::Bytes { limit: 1 << 20 }.into()
    );
}

#[test]
fn more_than_the_quota() {
    let quota = Quota {
        entries: 2,
        path_length: 5,
        depth: 2,
        ..Quota::project()
    };
    let bounded = |entries: &[Vec<u8>]| read(archive(entries).into(), &quota).unwrap_err();
    let many = bounded(&[directory("d/"), directory("d/"), file("d/a", b"")]);
    assert_eq!(many, QuotaError::Entries { limit: 2 }.into());
    let implied = bounded(&[file("a/x", b""), file("b/x", b"")]);
    assert_eq!(implied, QuotaError::Entries { limit: 2 }.into());
    assert!(matches!(
        bounded(&[file("abcdef", b"")]),
        ArchiveError::Collect(CollectError::Quota(QuotaError::PathLength { .. }))
    ));
    assert!(matches!(
        bounded(&[file("a/b/c", b"")]),
        ArchiveError::Collect(CollectError::Quota(QuotaError::Depth { .. }))
    ));
}

#[test]
fn sizes_that_lie() {
    let huge = [header("f", b'0', "", (8 << 30) - 1), vec![0; 1024]].concat();
    assert_eq!(
        read(huge.into(), &Quota::project()),
        Err(ArchiveError::Truncated { offset: 0 })
    );
    let two_readers = refused(&[pax(&[("size", "512")]), file("f", &[1; 1024])]);
    assert!(matches!(
        two_readers,
        ArchiveError::SizeDisagrees {
            header: 1024,
            pax: 512,
            ..
        }
    ));
    assert!(matches!(
        refused(&[pax(&[("size", "-1")]), file("f", b"")]),
        ArchiveError::ExtensionSyntax { .. }
    ));
    assert!(matches!(
        refused(&[entry("d/", b'5', "", &[1; 512])]),
        ArchiveError::UnexpectedContent { size: 512, .. }
    ));
    assert!(matches!(
        refused(&[entry("l", b'2', "x", &[1; 512])]),
        ArchiveError::UnexpectedContent { .. }
    ));
    let mut binary = header("f", b'0', "", 0);
    binary[124] = 0x80;
    assert!(matches!(
        refused(&[seal(binary)]),
        ArchiveError::Number { field: "size", .. }
    ));
    let mut no_mode = header("f", b'0', "", 0);
    no_mode[100..108].fill(0);
    assert!(matches!(
        refused(&[seal(no_mode)]),
        ArchiveError::Number { field: "mode", .. }
    ));
}

#[test]
fn headers_that_are_none() {
    assert!(matches!(refused(&[vec![1; 512]]), ArchiveError::Magic { offset: 0 }));
    let mut wrong = file("f", b"x");
    wrong[0] = b'g';
    assert!(matches!(refused(&[wrong]), ArchiveError::Checksum { offset: 0 }));
    let mut latin = header("f", b'0', "", 0);
    latin[0] = 0xe4;
    assert!(matches!(refused(&[seal(latin)]), ArchiveError::NotUtf8 { offset: 0 }));
    let mut hidden = file("f", b"x");
    hidden[600] = 1;
    assert!(matches!(refused(&[hidden]), ArchiveError::Padding { offset: 0 }));
}

#[test]
fn extensions_that_could_be_read_in_two_ways() {
    let f = || file("f", b"x");
    assert!(matches!(
        refused(&[pax(&[("GNU.sparse.size", "9")]), f()]),
        ArchiveError::ExtensionKey { .. }
    ));
    assert!(matches!(
        refused(&[pax(&[("hdrcharset", "BINARY")]), f()]),
        ArchiveError::ExtensionKey { .. }
    ));
    assert!(matches!(
        refused(&[pax(&[("path", "a"), ("path", "b")]), f()]),
        ArchiveError::ExtensionRepeated { .. }
    ));
    let both = refused(&[pax(&[("path", "a")]), entry("long", b'L', "", b"b\0"), f()]);
    assert!(matches!(both, ArchiveError::ExtensionRepeated { .. }));
    assert!(matches!(
        refused(&[entry("pax", b'g', "", b"10 path=a\n"), f()]),
        ArchiveError::ExtensionKey { .. }
    ));
    assert!(matches!(
        refused(&[pax(&[("path", "a")])]),
        ArchiveError::ExtensionWithoutEntry { .. }
    ));
    for record in [
        b"8 path=a\n".as_slice(),
        b"x path=a\n",
        b"99 path=a\n",
        b"10 path+a\n",
        b"10 path=ab",
        b"0 \n",
    ] {
        let error = refused(&[entry("pax", b'x', "", record), f()]);
        assert!(
            matches!(error, ArchiveError::ExtensionSyntax { .. }),
            "{record:?} {error}"
        );
    }
    let error = refused(&[entry("pax", b'x', "", &vec![b'x'; 70_000]), f()]);
    assert!(matches!(error, ArchiveError::ExtensionSize { size: 70_000, .. }));
}

#[test]
fn ends_that_are_none() {
    let read = |bytes: Vec<u8>| read(bytes.into(), &Quota::project());
    let f = file("f", b"x");
    assert_eq!(read(vec![]), Err(ArchiveError::MissingEndMarker { offset: 0 }));
    assert_eq!(read(f.clone()), Err(ArchiveError::MissingEndMarker { offset: 1024 }));
    assert_eq!(
        read([f.clone(), vec![0; 512]].concat()),
        Err(ArchiveError::MissingEndMarker { offset: 1024 })
    );
    assert_eq!(
        read([f.clone(), vec![0; 100]].concat()),
        Err(ArchiveError::Truncated { offset: 1024 })
    );
    assert_eq!(
        read([f.clone(), vec![0; 512], f.clone()].concat()),
        Err(ArchiveError::AfterEnd { offset: 1024 })
    );
    assert_eq!(
        read([archive(std::slice::from_ref(&f)), f.clone()].concat()),
        Err(ArchiveError::AfterEnd { offset: 1024 })
    );
    assert_eq!(read(f[..700].to_vec()), Err(ArchiveError::Truncated { offset: 0 }));
    assert!(read([archive(&[f]), vec![0; 9000]].concat()).is_ok());
}

#[test]
fn compressed_streams_that_are_malformed() {
    let tar = archive(&[file("f", b"x")]);
    for packed in [gzip(&tar), zstandard(&tar)] {
        let read = |bytes: &[u8]| read(bytes.to_vec().into(), &Quota::project());
        assert!(read(&packed).is_ok());
        assert!(read(&[packed.clone(), vec![0; 77]].concat()).is_ok());
        assert!(matches!(
            read(&packed[..packed.len() / 2]),
            Err(ArchiveError::Compression { .. })
        ));
        // A second stream behind the first is content that another reader might see.
        assert!(matches!(
            read(&[packed.clone(), packed.clone()].concat()),
            Err(ArchiveError::AfterEnd { .. })
        ));
    }
}
