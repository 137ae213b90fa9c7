//! Writing beneath a directory and reading one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod forge;

use std::fs::{self, File};
use std::num::NonZeroUsize;
use std::os::fd::AsFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use forge::{path, plain_file, tree};
use orv_content::archive::{CollectError, Quota, QuotaError};
use orv_content::materialize::{ReadError, read_directory, write_beneath, write_beneath_with};
use orv_content::tree::{Executable, Node, TreeError};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn what_is_written_is_read_back() {
    let mut tree = tree(&[("a", "one"), ("a-b/c", "two"), ("a.d/e/f", "three"), ("ümlaut", "")]);
    tree.insert(
        path("a.d/run"),
        Node::File {
            executable: Executable::Yes,
            content: "#!/bin/sh\n".into(),
        },
    )
    .unwrap();
    tree.insert(path("a.d/link"), Node::Symlink { target: "../a".into() })
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    write_beneath(&tree, File::open(directory.path()).unwrap().as_fd()).unwrap();
    assert_eq!(read_directory(directory.path(), &Quota::project()).unwrap(), tree);
    assert_eq!(mode(&directory.path().join("a")), 0o644);
    assert_eq!(mode(&directory.path().join("a.d/run")), 0o755);
    assert_eq!(mode(&directory.path().join("a.d")), 0o755);
}

#[test]
fn several_threads_write_the_same_as_one() {
    let names: Vec<String> = (0..600)
        .map(|number| format!("{}/{}/{number}", number % 7, number % 31))
        .collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
    let tree = tree(&files);
    for threads in [1, 2, 5] {
        let threads = NonZeroUsize::new(threads).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let descriptor = File::open(directory.path()).unwrap();
        write_beneath_with(threads, &tree, descriptor.as_fd()).unwrap();
        assert_eq!(read_directory(directory.path(), &Quota::project()).unwrap(), tree);
        assert_eq!(mode(&directory.path().join("3/7")), 0o755);
        assert_eq!(mode(&directory.path().join(&names[599])), 0o644);
        let again = write_beneath_with(threads, &tree, descriptor.as_fd()).unwrap_err();
        assert_eq!(again.source.kind(), std::io::ErrorKind::AlreadyExists);
    }
}

#[test]
fn no_link_in_the_directory_is_followed() {
    let outside = tempfile::tempdir().unwrap();
    for (planted, written) in [("d", "d/evil"), ("evil", "evil")] {
        let directory = tempfile::tempdir().unwrap();
        let target = if planted == "d" {
            outside.path().to_owned()
        } else {
            outside.path().join("evil")
        };
        symlink(target, directory.path().join(planted)).unwrap();
        let refused = write_beneath(&tree(&[(written, "x")]), File::open(directory.path()).unwrap().as_fd());
        assert!(refused.is_err());
    }
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn existing_files_are_kept_and_existing_directories_used() {
    let directory = tempfile::tempdir().unwrap();
    let descriptor = File::open(directory.path()).unwrap();
    write_beneath(&tree(&[("d/a", "one")]), descriptor.as_fd()).unwrap();
    write_beneath(&tree(&[("d/b", "two")]), descriptor.as_fd()).unwrap();
    let refused = write_beneath(&tree(&[("d/a", "three")]), descriptor.as_fd()).unwrap_err();
    assert_eq!(
        (refused.path.as_str(), refused.source.kind()),
        ("d/a", std::io::ErrorKind::AlreadyExists)
    );
    assert_eq!(fs::read(directory.path().join("d/a")).unwrap(), b"one");
}

#[test]
fn a_work_tree_is_read_without_its_repository() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join(".git/objects")).unwrap();
    fs::write(directory.path().join(".git/HEAD"), "ref").unwrap();
    fs::create_dir_all(directory.path().join("module")).unwrap();
    fs::write(directory.path().join("module/.git"), "gitdir").unwrap();
    fs::write(directory.path().join("module/a"), "x").unwrap();
    assert_eq!(
        read_directory(directory.path(), &Quota::project()).unwrap(),
        tree(&[("module/a", "x")])
    );
}

#[test]
fn a_work_tree_that_no_archive_could_hold_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let read = |quota: &Quota| read_directory(directory.path(), quota).unwrap_err();
    symlink("/etc/passwd", directory.path().join("link")).unwrap();
    let unsafe_link = read(&Quota::project());
    assert!(matches!(
        unsafe_link,
        ReadError::Collect(CollectError::Tree(TreeError::UnsafeSymlink { .. }))
    ));
    fs::remove_file(directory.path().join("link")).unwrap();
    fs::write(directory.path().join("a"), [0; 100]).unwrap();
    let few = Quota {
        bytes: 99,
        ..Quota::project()
    };
    assert!(matches!(
        read(&few),
        ReadError::Collect(CollectError::Quota(QuotaError::Bytes { limit: 99 }))
    ));
    fs::write(directory.path().join("A"), "").unwrap();
    assert!(matches!(
        read(&Quota::project()),
        ReadError::Collect(CollectError::CaseCollision { .. })
    ));
    fs::remove_file(directory.path().join("A")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(directory.path().join("socket")).unwrap();
    assert!(matches!(read(&Quota::project()), ReadError::Special { .. }));
}

#[test]
fn a_plain_file_has_its_bytes() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a"), b"\0\xff").unwrap();
    let read = read_directory(directory.path(), &Quota::project()).unwrap();
    assert_eq!(read.get(&path("a")), Some(&plain_file(b"\0\xff")));
}
