//! A Debian root file system with Python unpacks as GNU tar unpacks it, and runs.
//!
//! What no hand-made layer has is here because it is real: hard links, links that only mean something inside the image,
//! names that differ only in case, paths through the merged `/usr`. Needs root, Debian's package tools and, the first
//! time, their registry (`tests/real-image/make`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "support/debian.rs"]
mod debian;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use debian::{DebianImage, python_image};
use orv_content::Sha256;
use orv_content::archive::Quota;
use orv_content::oci::read_layout;
use orv_runner::{Channel, Container, Exit, Limits, Runner, WorkTree};
use serde_json::Value;

const MIB: u64 = 1 << 20;

/// What stands at a path, as far as an unpacked image keeps it.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Directory,
    Link {
        text: PathBuf,
    },
    File {
        executable: bool,
        names: u64,
        sha256: Sha256,
    },
}

/// Everything beneath `top` by its path.
fn everything(top: &Path) -> BTreeMap<PathBuf, Found> {
    let mut found = BTreeMap::new();
    let mut pending = vec![top.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let what = if metadata.is_symlink() {
                Found::Link {
                    text: fs::read_link(&path).unwrap(),
                }
            } else if metadata.is_dir() {
                pending.push(path.clone());
                Found::Directory
            } else {
                Found::File {
                    executable: metadata.permissions().mode() & 0o111 != 0,
                    names: metadata.nlink(),
                    sha256: Sha256::of(&fs::read(&path).unwrap()),
                }
            };
            found.insert(path.strip_prefix(top).unwrap().to_owned(), what);
        }
    }
    found
}

/// The same image by GNU tar, layer over layer, and the two whiteouts of the last one by hand.
fn unpacked_by_tar(image: &DebianImage, top: &Path) {
    let blobs = image.folder.join("blobs/sha256");
    let digest = image.manifest.to_string();
    let manifest = fs::read(blobs.join(digest.strip_prefix("sha256:").unwrap())).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    for layer in manifest["layers"].as_array().unwrap() {
        let blob = blobs.join(layer["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap());
        let status = Command::new("tar").arg("-C").arg(top).arg("-xf").arg(blob).status();
        assert!(status.unwrap().success());
    }
    let share = top.join("usr/share");
    fs::remove_dir_all(share.join("doc")).unwrap();
    fs::remove_dir_all(share.join("man")).unwrap();
    fs::create_dir(share.join("man")).unwrap();
    fs::remove_file(share.join(".wh.doc")).unwrap();
    // What the runner mounts over.
    for mount_point in ["dev", "proc", "tmp", "work"] {
        fs::create_dir_all(top.join(mount_point)).unwrap();
    }
}

#[test]
fn a_debian_with_python_unpacks_as_tar_unpacks_it_and_runs() {
    let Some(image) = python_image() else { return };
    let directory = tempfile::tempdir().unwrap();
    let [ours, theirs, work] = ["ours", "theirs", "work"].map(|name| directory.path().join(name));
    for folder in [&ours, &theirs, &work] {
        fs::create_dir(folder).unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let read = read_layout(&image.layout, &image.manifest, &Quota::image()).unwrap();
    read.unpack_into(File::open(&ours).unwrap().as_fd()).unwrap();
    unpacked_by_tar(&image, &theirs);

    let (found, expected) = (everything(&ours), everything(&theirs));
    for (path, what) in &expected {
        assert_eq!(found.get(path), Some(what), "{}", path.display());
    }
    assert_eq!(found.len(), expected.len());

    // That the image has what this test is about.
    let at = |path: &str| &found[Path::new(path)];
    assert!(matches!(at("usr/bin/perl"), Found::File { names: 2, .. }));
    assert_eq!(at("lib"), &Found::Link { text: "usr/lib".into() });
    assert!(matches!(at("etc/localtime"), Found::Link { text } if text.is_absolute()));
    assert!(matches!(
        (at("usr/share/terminfo/A"), at("usr/share/terminfo/a")),
        (Found::Directory, Found::Directory)
    ));
    assert!(!found.contains_key(Path::new("usr/share/doc")));

    runs_python(&ours, &work, directory.path());
}

/// Runs a program that leans on the C library, the standard library and the links of the image.
fn runs_python(rootfs: &Path, work: &Path, directory: &Path) {
    let program = "import json, sqlite3, sys, time, zlib\n\
        assert sqlite3.connect(':memory:').execute('select 6 * 7').fetchone() == (42,)\n\
        print(json.dumps([sys.version_info[0], zlib.crc32(b'orv'), time.gmtime(0).tm_year, open('given').read()]))\n";
    fs::write(work.join("given"), "given").unwrap();
    fs::write(work.join("program.py"), program).unwrap();
    let container = Container {
        rootfs: rootfs.to_owned(),
        work: WorkTree {
            lower: work.to_owned(),
            layers: vec![],
            size_limit: 16 * MIB,
        },
        argv: vec!["python3".into(), "program.py".into()],
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        cwd: "/work".into(),
        extra_read_only: vec![],
        limits: Limits {
            wall: Duration::from_secs(60),
            cpu: None,
            memory_bytes: 512 * MIB,
            pids: 16,
            scratch_bytes: 16 * MIB,
            output_bytes: 1 << 16,
            open_files: 64,
            cpus: None,
        },
        channel: Channel::None,
    };
    let mut runner = Runner::new(directory.join("runner"));
    runner.helper = container_program();
    let report = runner.run(&container).unwrap();
    let [stdout, stderr] = [&report.stdout, &report.stderr].map(|stream| String::from_utf8_lossy(&stream.bytes));
    assert_eq!(report.exit, Exit::Code(0), "{stderr}");
    assert_eq!(stdout, "[3, 413506162, 1970, \"given\"]\n");
}

/// The program by which the runner starts containers, beside the running test.
fn container_program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join("orv-container");
    assert!(
        path.exists(),
        "{} is missing; build it: cargo build -p orv-runner",
        path.display()
    );
    path
}
