//! Image layouts: what is checked, how layers merge, and that nothing in them leaves the image.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod forge;

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use forge::{
    archive as tar, directory, entry, file, gzip, hard_link, path, plain_file, seal, symlink, tree, zstandard,
};
use orv_content::Sha256;
use orv_content::archive::{self, ArchiveError, CollectError, Quota, QuotaError};
use orv_content::oci::{Image, ManifestDigest, OciError, read_layout, write_single_layer};
use orv_content::tree::{Node, Tree};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

fn hex(bytes: &[u8]) -> String {
    Sha256::of(bytes).to_string()[2..].to_owned()
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": format!("sha256:{}", hex(bytes)), "size": bytes.len()})
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// A layout by hand, and the documents that a test may spoil before they are stored.
struct Forged {
    layers: Vec<(Vec<u8>, Vec<u8>)>,
    layer_type: &'static str,
    config: Value,
}

impl Forged {
    fn new(layers: &[Vec<u8>]) -> Self {
        Self::packed(layers.iter().map(|layer| (layer.clone(), layer.clone())).collect())
    }

    /// Layers as they are stored, and plain.
    fn packed(layers: Vec<(Vec<u8>, Vec<u8>)>) -> Self {
        let diff_ids: Vec<String> = layers
            .iter()
            .map(|(_, plain)| format!("sha256:{}", hex(plain)))
            .collect();
        let config = json!({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "config": {"Env": ["PATH=/bin"], "Cmd": ["sh"], "WorkingDir": "", "User": "1000"}});
        Self {
            layers,
            layer_type: LAYER,
            config,
        }
    }

    fn layout(&self) -> (Tree, ManifestDigest) {
        let config = self.config.to_string().into_bytes();
        let layers: Vec<Value> = self
            .layers
            .iter()
            .map(|(stored, _)| descriptor(self.layer_type, stored))
            .collect();
        let manifest =
            json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(CONFIG, &config), "layers": layers});
        let manifest = manifest.to_string().into_bytes();
        let index = json!({"schemaVersion": 2, "manifests": [descriptor(MANIFEST, &manifest)]}).to_string();
        let mut layout = tree(&[
            ("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#),
            ("index.json", &index),
        ]);
        for blob in self.layers.iter().map(|(stored, _)| stored).chain([&config, &manifest]) {
            put(&mut layout, &format!("blobs/sha256/{}", hex(blob)), blob);
        }
        (layout, ManifestDigest(Sha256::of(&manifest)))
    }

    fn read(&self) -> Result<Image, OciError> {
        let (layout, manifest) = self.layout();
        read_layout(&layout, &manifest, &Quota::image())
    }
}

fn put(layout: &mut Tree, name: &str, content: &[u8]) {
    layout.insert(path(name), plain_file(content)).unwrap();
}

fn unpack(layers: &[Vec<Vec<u8>>]) -> Result<TempDir, OciError> {
    let layers: Vec<Vec<u8>> = layers.iter().map(|entries| tar(entries)).collect();
    let directory = tempfile::tempdir().unwrap();
    Forged::new(&layers)
        .read()?
        .unpack_into(File::open(directory.path()).unwrap().as_fd())?;
    Ok(directory)
}

fn text(root: &TempDir, name: &str) -> String {
    fs::read_to_string(root.path().join(name)).unwrap()
}

fn exists(root: &TempDir, name: &str) -> bool {
    fs::symlink_metadata(root.path().join(name)).is_ok()
}

#[test]
fn an_image_of_one_layer_is_the_same_each_time_and_reads_back() {
    let mut rootfs = tree(&[("bin/sh", "shell"), ("etc/os", "x")]);
    rootfs
        .insert(path("bin/ash"), Node::Symlink { target: "sh".into() })
        .unwrap();
    let written = write_single_layer(&rootfs, vec!["PATH=/bin".into()], "/work").unwrap();
    assert_eq!(
        write_single_layer(&rootfs, vec!["PATH=/bin".into()], "/work").unwrap(),
        written
    );
    let (layout, manifest) = written;
    let image = read_layout(&layout, &manifest, &Quota::image()).unwrap();
    assert_eq!(image.config().env, ["PATH=/bin"]);
    assert_eq!(image.config().working_dir.as_deref(), Some("/work"));
    assert_eq!(ManifestDigest(Sha256::of(image.manifest_bytes())), manifest);
    let layer = hex(&archive::write(&rootfs));
    let config = format!(
        r#"{{"architecture":"amd64","os":"linux","config":{{"Env":["PATH=/bin"],"WorkingDir":"/work"}},"rootfs":{{"type":"layers","diff_ids":["sha256:{layer}"]}}}}"#
    );
    assert_eq!(String::from_utf8_lossy(image.config_bytes()), config);
    // Creators pin this; a change of it is a change of every published image.
    assert_eq!(
        manifest.to_string(),
        "sha256:1c592a3ff78a8b5bfd08bb7ad2dd91ea81096204bc8550a47a9acf75b860c81f"
    );
    let root = tempfile::tempdir().unwrap();
    image.unpack_into(File::open(root.path()).unwrap().as_fd()).unwrap();
    assert_eq!(text(&root, "bin/ash"), "shell");
    for mount_point in ["dev", "proc", "tmp", "work"] {
        assert!(fs::symlink_metadata(root.path().join(mount_point)).unwrap().is_dir());
    }
}

#[test]
fn compressed_layers_are_the_plain_ones() {
    let layers = [tar(&[file("a", b"one")]), tar(&[file("b", b"two")])];
    let plain = Forged::new(&layers).read().unwrap();
    assert_eq!(
        (plain.config().working_dir.as_deref(), plain.config().user.as_deref()),
        (None, Some("1000"))
    );
    let packed = vec![
        (gzip(&layers[0]), layers[0].clone()),
        (zstandard(&layers[1]), layers[1].clone()),
    ];
    let root = tempfile::tempdir().unwrap();
    Forged::packed(packed)
        .read()
        .unwrap()
        .unpack_into(File::open(root.path()).unwrap().as_fd())
        .unwrap();
    assert_eq!((text(&root, "a"), text(&root, "b")), ("one".into(), "two".into()));
}

#[test]
fn a_layer_may_be_of_several_streams_with_frames_between_them() {
    let plain = tar(&[file("a", &[7; 3000]), file("b", b"two")]);
    let (front, back) = plain.split_at(1000);
    let skippable = [0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3].to_vec();
    let unpacked = |stored: Vec<u8>, quota: &Quota| {
        let (layout, manifest) = Forged::packed(vec![(stored, plain.clone())]).layout();
        read_layout(&layout, &manifest, quota).map(|image| image.check().unwrap())
    };
    let members = [gzip(front), gzip(back)].concat();
    let frames = [
        skippable.clone(),
        zstandard(front),
        skippable.clone(),
        zstandard(back),
        skippable,
    ]
    .concat();
    // A skippable frame cannot come first: what it belongs to could not be told.
    let frames = frames[11..].to_vec();
    for stored in [members.clone(), frames, [members.clone(), vec![0; 9]].concat()] {
        unpacked(stored, &Quota::image()).unwrap();
    }
    let few = Quota {
        entries: 1,
        ..Quota::image()
    };
    assert!(matches!(
        unpacked(members.clone(), &few).unwrap_err(),
        OciError::Layer {
            number: 0,
            source: ArchiveError::Collect(CollectError::Quota(QuotaError::Streams { limit: 1 }))
        }
    ));
    let spoiled = [members, b"x".to_vec()].concat();
    assert!(matches!(
        unpacked(spoiled, &Quota::image()).unwrap_err(),
        OciError::Layer {
            source: ArchiveError::Compression { .. },
            ..
        }
    ));
}

#[test]
fn what_does_not_fit_its_digest_is_refused() {
    let layer = tar(&[file("a", b"one")]);
    let forged = Forged::new(std::slice::from_ref(&layer));
    let (layout, manifest) = forged.layout();
    let read = |layout: &Tree| read_layout(layout, &manifest, &Quota::image()).unwrap_err();
    let spoiled = |name: &str, content: &[u8]| {
        let mut layout = layout.clone();
        put(&mut layout, name, content);
        read(&layout)
    };
    let blob = format!("blobs/sha256/{}", hex(&layer));
    let mut other = layer.clone();
    other[513] ^= 1;
    assert!(matches!(spoiled(&blob, &other), OciError::BlobDigest { .. }));
    assert!(matches!(spoiled(&blob, &layer[1..]), OciError::BlobSize { .. }));
    assert!(matches!(
        spoiled("oci-layout", br#"{"imageLayoutVersion":"2.0.0"}"#),
        OciError::LayoutVersion { .. }
    ));
    assert!(matches!(
        spoiled("index.json", br#"{"schemaVersion":2,"manifests":[]}"#),
        OciError::NotListed { .. }
    ));
    assert!(matches!(spoiled("index.json", b"{"), OciError::Document { .. }));
    assert!(matches!(
        spoiled("index.json", &vec![b' '; 5 << 20]),
        OciError::DocumentSize { .. }
    ));
    let mut missing = layout.clone();
    missing.remove(&path(&blob));
    assert!(matches!(read(&missing), OciError::MissingFile { .. }));
    let wrong = Forged::packed(vec![(layer.clone(), other)]).read().unwrap_err();
    assert!(matches!(wrong, OciError::DiffId { number: 0, .. }));
    let mut forged = Forged::new(&[layer]);
    forged.config["rootfs"]["diff_ids"] = json!([]);
    assert!(matches!(
        forged.read().unwrap_err(),
        OciError::LayerCount { layers: 1, diff_ids: 0 }
    ));
}

#[test]
fn an_index_in_place_of_a_manifest_is_refused() {
    let index = json!({"schemaVersion": 2, "manifests": []}).to_string();
    let listed = json!({"schemaVersion": 2, "manifests": [descriptor(MANIFEST, index.as_bytes())]}).to_string();
    let mut layout = tree(&[
        ("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#),
        ("index.json", &listed),
    ]);
    put(
        &mut layout,
        &format!("blobs/sha256/{}", hex(index.as_bytes())),
        index.as_bytes(),
    );
    let digest = ManifestDigest(Sha256::of(index.as_bytes()));
    let refused = read_layout(&layout, &digest, &Quota::image()).unwrap_err();
    assert!(matches!(refused, OciError::ManifestIsIndex { .. }));
}

#[test]
fn other_systems_and_other_media_are_refused() {
    let mut forged = Forged::new(&[]);
    forged.config["os"] = json!("windows");
    assert!(matches!(forged.read().unwrap_err(), OciError::OperatingSystem { .. }));
    let mut forged = Forged::new(&[tar(&[])]);
    forged.layer_type = "application/vnd.oci.image.layer.nondistributable.v1.tar";
    assert!(matches!(forged.read().unwrap_err(), OciError::MediaType { .. }));
}

#[test]
fn layers_together_stay_in_the_quota() {
    let layers = [tar(&[file("a", &[1; 4096])]), tar(&[file("b", &[1; 4096])])];
    let (layout, manifest) = Forged::new(&layers).layout();
    let read = |quota: &Quota| read_layout(&layout, &manifest, quota);
    let bytes = Quota {
        bytes: 10_000,
        ..Quota::image()
    };
    assert!(matches!(
        read(&bytes).unwrap_err(),
        OciError::Layer {
            number: 1,
            source: ArchiveError::Collect(_)
        }
    ));
    let entries = Quota {
        entries: 1,
        ..Quota::image()
    };
    let root = tempfile::tempdir().unwrap();
    let refused = read(&entries)
        .unwrap()
        .unpack_into(File::open(root.path()).unwrap().as_fd())
        .unwrap_err();
    assert!(matches!(refused, OciError::Quota(QuotaError::Entries { limit: 1 })));
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    let (layout, manifest) = Forged::new(&[tar(&[file("a/b/c/d", b"")])]).layout();
    let image = read_layout(
        &layout,
        &manifest,
        &Quota {
            entries: 3,
            ..Quota::image()
        },
    )
    .unwrap();
    let refused = image.unpack_into(File::open(root.path()).unwrap().as_fd()).unwrap_err();
    assert!(matches!(refused, OciError::Quota(QuotaError::Entries { limit: 3 })));
}

#[test]
fn whiteouts_hide_what_lies_below_their_layer_only() {
    let lower = vec![
        file("d/a", b"1"),
        file("d/b", b"1"),
        file("e/a", b"1"),
        file("e/s/t", b"1"),
        file("f/g/h", b"1"),
    ];
    let upper = vec![
        file("d/c", b"2"),
        file("d/.wh.a", b""),
        file("d/.wh.absent", b""),
        file("e/a", b"2"),
        file("e/.wh..wh..opq", b""),
        file(".wh.f", b""),
    ];
    let root = unpack(&[lower, upper]).unwrap();
    assert!(!exists(&root, "d/a") && exists(&root, "d/b") && exists(&root, "d/c"));
    assert_eq!(text(&root, "e/a"), "2");
    assert!(!exists(&root, "e/s") && !exists(&root, "f"));
}

#[test]
fn names_that_are_no_whiteouts_are_refused() {
    for name in [".wh.", ".wh..", ".wh...", ".wh..wh.plnk"] {
        assert!(
            matches!(unpack(&[vec![file(name, b"")]]).unwrap_err(), OciError::Whiteout { .. }),
            "{name}"
        );
    }
}

#[test]
fn links_are_resolved_inside_the_image_only() {
    let outside = tempfile::tempdir().unwrap();
    let absolute = outside.path().to_str().unwrap();
    let root = unpack(&[
        vec![
            symlink("lib", "usr/lib"),
            symlink("abs", absolute),
            symlink("up", "../../../../up-target"),
            symlink("proc-link", "/proc/self/root"),
        ],
        vec![
            file("lib/a", b"1"),
            file("abs/b", b"2"),
            file("up/c", b"3"),
            file("proc-link/d", b"4"),
        ],
    ])
    .unwrap();
    assert_eq!(text(&root, "usr/lib/a"), "1");
    assert_eq!(text(&root, &format!("{}/b", &absolute[1..])), "2");
    assert_eq!(text(&root, "up-target/c"), "3");
    assert_eq!(text(&root, "proc/self/root/d"), "4");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    assert_eq!(fs::read_link(root.path().join("abs")).unwrap(), Path::new(absolute));
    let endless = unpack(&[vec![symlink("a", "b"), symlink("b", "a"), file("a/x", b"")]]).unwrap_err();
    assert!(matches!(endless, OciError::TooManyLinks { .. }));
    let beneath = unpack(&[vec![file("a", b""), file("a/x", b"")]]).unwrap_err();
    assert!(matches!(beneath, OciError::BeneathFile { .. }));
}

#[test]
fn whiteouts_behind_a_file_wind_no_longer_than_others() {
    let below = [symlink("a", &format!("{}f", "./".repeat(49))), file("f", b"")];
    let whiteouts: Vec<_> = (0..7).map(|number| file(&format!("a/.wh.{number}"), b"")).collect();
    let (layout, manifest) = Forged::new(&[tar(&below), tar(&whiteouts)]).layout();
    let quota = Quota {
        entries: 10,
        ..Quota::image()
    };
    let checked = read_layout(&layout, &manifest, &quota).unwrap().check();
    assert!(
        matches!(checked, Err(OciError::Resolution { limit: 320 })),
        "{checked:?}"
    );
}

#[test]
fn a_long_blob_that_holds_little_cannot_be_listed_without_end() {
    let plain = tar(&[file("a", b"x")]);
    let mut stored = gzip(&plain);
    stored.resize(100_000, 0);
    let mut forged = Forged::packed(vec![(stored, plain); 11]);
    forged.layer_type = "application/vnd.oci.image.layer.v1.tar+gzip";
    let (layout, manifest) = forged.layout();
    let quota = |bytes| Quota {
        bytes,
        ..Quota::image()
    };
    let read = read_layout(&layout, &manifest, &quota(1_050_000));
    assert!(
        matches!(read, Err(OciError::Quota(QuotaError::Bytes { limit: 1_050_000 }))),
        "{read:?}"
    );
    assert!(read_layout(&layout, &manifest, &quota(1_100_000)).is_ok());
}

#[test]
fn paths_that_wind_without_end_are_refused_long_before() {
    let mut entries = vec![symlink("a", &"./".repeat(49))];
    entries.extend((0..7).map(|number| file(&format!("a/{number}"), b"")));
    let (layout, manifest) = Forged::new(&[tar(&entries)]).layout();
    let check = |entries| {
        let quota = Quota {
            entries,
            ..Quota::image()
        };
        read_layout(&layout, &manifest, &quota).unwrap().check()
    };
    assert!(matches!(check(10), Err(OciError::Resolution { limit: 320 })));
    assert!(check(20).is_ok());
}

#[test]
fn hard_links_are_names_of_one_file_of_the_image() {
    let root = unpack(&[
        vec![file("d/a", b"1"), hard_link("e/b", "d/a")],
        vec![hard_link("c", "./e/b")],
    ])
    .unwrap();
    let inode = |name: &str| fs::metadata(root.path().join(name)).unwrap().ino();
    assert_eq!((inode("d/a"), inode("d/a")), (inode("e/b"), inode("c")));
    let escaping = unpack(&[vec![symlink("link", "/etc"), hard_link("x", "link/passwd")]]).unwrap_err();
    assert!(matches!(escaping, OciError::HardLinkTarget { .. }));
    assert!(matches!(
        unpack(&[vec![hard_link("x", "../../etc/passwd")]]).unwrap_err(),
        OciError::Layer { .. }
    ));
    assert!(matches!(
        unpack(&[vec![directory("d/"), hard_link("x", "d")]]).unwrap_err(),
        OciError::HardLinkTarget { .. }
    ));
}

#[test]
fn a_later_entry_replaces_an_earlier_one() {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("file");
    let root = unpack(&[
        vec![
            symlink("f", target.to_str().unwrap()),
            file("f", b"mine"),
            file("d/x", b""),
            symlink("s", "d"),
            file("A", b"1"),
            file("a", b"2"),
        ],
        vec![file("d", b"now a file"), directory("s/"), file("s/y", b"3")],
    ])
    .unwrap();
    assert_eq!(
        (text(&root, "f"), text(&root, "d"), text(&root, "s/y")),
        ("mine".into(), "now a file".into(), "3".into())
    );
    assert_eq!((text(&root, "A"), text(&root, "a")), ("1".into(), "2".into()));
    assert!(!target.exists());
}

#[test]
fn modes_become_644_or_755() {
    let mut hostile = file("f", b"x");
    hostile[100..107].copy_from_slice(b"0006711");
    let block = seal(hostile[..512].to_vec());
    hostile[..512].copy_from_slice(&block);
    let root = unpack(&[vec![hostile, file("g", b"")]]).unwrap();
    let mode = |name: &str| fs::metadata(root.path().join(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("f"), mode("g"), mode("tmp")), (0o755, 0o644, 0o755));
}

#[test]
fn mount_points_are_real_directories() {
    for (entries, name) in [
        (vec![symlink("proc", "/etc")], "proc"),
        (vec![symlink("work", "tmp")], "work"),
        (vec![file("dev", b"")], "dev"),
        (vec![directory("tmp/"), symlink("tmp", "/")], "tmp"),
    ] {
        assert!(
            matches!(unpack(&[entries]).unwrap_err(), OciError::MountPoint { path } if path == name),
            "{name}"
        );
    }
}

#[test]
fn devices_and_absolute_names_are_refused() {
    let refused = |entries: Vec<Vec<u8>>| match unpack(&[entries]).unwrap_err() {
        OciError::Layer { source, .. } => source,
        other => panic!("{other}"),
    };
    assert!(matches!(
        refused(vec![entry("null", b'3', "", b"")]),
        ArchiveError::Device { .. }
    ));
    assert!(matches!(
        refused(vec![entry("pipe", b'6', "", b"")]),
        ArchiveError::NamedPipe { .. }
    ));
    assert!(matches!(refused(vec![file("/etc/x", b"")]), ArchiveError::Path(_)));
    assert!(matches!(refused(vec![file("../x", b"")]), ArchiveError::Path(_)));
}

fn any_entry() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::collection::vec(
        prop_oneof!["[ab]", Just(".wh.a".to_owned()), Just(".wh..wh..opq".to_owned())],
        1..4,
    );
    let name = name.prop_map(|components| components.join("/"));
    let target = prop::collection::vec(prop_oneof![Just("a"), Just("b"), Just(".."), Just("")], 1..4);
    (name, target, 0..4).prop_map(|(name, target, kind)| match kind {
        0 => file(&name, b"x"),
        1 => directory(&name),
        2 => symlink(&name, &format!("{}x", target.join("/"))),
        _ => hard_link(&name, &target.join("/")),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn any_layers_unpack_inside_or_not_at_all(layers in prop::collection::vec(prop::collection::vec(any_entry(), 0..8), 1..4)) {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("root");
        fs::create_dir(&root).unwrap();
        let layers: Vec<Vec<u8>> = layers.iter().map(|entries| tar(entries)).collect();
        let image = Forged::new(&layers).read().unwrap();
        let unpacked = image.unpack_into(File::open(&root).unwrap().as_fd());
        prop_assert_eq!(image.check().is_ok(), unpacked.is_ok());
        prop_assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
        // Whatever merges can be written: only the merge refuses.
        let written = matches!(unpacked, Err(OciError::Write(_)));
        prop_assert!(!written);
        prop_assert_eq!(unpacked.is_ok(), fs::read_dir(&root).unwrap().count() > 0);
    }

    #[test]
    fn reading_a_layout_never_panics(document in "[\\[\\]{}\",:a-z0-9]{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (mut layout, manifest) = Forged::new(&[bytes]).layout();
        let _ = read_layout(&layout, &manifest, &Quota::image());
        put(&mut layout, "index.json", document.as_bytes());
        let _ = read_layout(&layout, &manifest, &Quota::image());
    }
}
