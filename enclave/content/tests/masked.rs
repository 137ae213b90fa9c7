//! What is written does not depend on the process' mask, which belongs to the whole process: one test alone here.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod forge;

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;

use forge::{path, tree};
use nix::sys::stat::{Mode, umask};
use orv_content::materialize::write_beneath;
use orv_content::tree::{Executable, Node};

#[test]
fn a_strict_mask_takes_nothing_away() {
    let mut tree = tree(&[("a", "1"), ("d/b", "2"), ("d/c", "3")]);
    let run = Node::File {
        executable: Executable::Yes,
        content: "4".into(),
    };
    tree.insert(path("d/run"), run).unwrap();
    for mask in [0o077, 0o022, 0o777] {
        let directory = tempfile::tempdir().unwrap();
        umask(Mode::from_bits_truncate(mask));
        write_beneath(&tree, File::open(directory.path()).unwrap().as_fd()).unwrap();
        umask(Mode::from_bits_truncate(0o022));
        let modes = ["a", "d", "d/b", "d/c", "d/run"]
            .map(|name| fs::metadata(directory.path().join(name)).unwrap().permissions().mode() & 0o7777);
        assert_eq!(modes, [0o644, 0o755, 0o644, 0o644, 0o755], "{mask:o}");
    }
}
