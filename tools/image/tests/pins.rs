//! Pins: what the committed file holds, what is refused, and that an input is believed by its hash alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use orv_image::error::ImageError;
use orv_image::pin::{Cache, Input, Network, PATH, PinError, Pins, Purpose};
use orv_image::platform::Platform;
use std::path::Path;

fn committed() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(PATH)).unwrap()
}

#[test]
fn the_committed_pins_are_in_the_form_that_an_update_writes() {
    assert_eq!(Pins::parse(&committed()).unwrap().text(), committed());
}

#[test]
fn no_archives_address_is_committed() {
    assert!(!committed().contains("://"));
}

#[test]
fn pins_that_name_no_single_file_by_hash_are_refused() {
    let change = |from: &str, to: &str| Pins::parse(&committed().replacen(from, to, 1));
    assert!(matches!(change("orv-pins/1", "orv-pins/2"), Err(PinError::Schema(_))));
    assert!(matches!(change("sha256 = \"", "sha256 = \"0"), Err(PinError::Hash(_))));
    assert!(matches!(change("root = \"0x", "root = \""), Err(PinError::Hash(_))));
    assert!(matches!(change("file = \"", "file = \"../"), Err(PinError::File(_))));
    assert!(matches!(change("suite = ", "mirror = "), Err(PinError::Toml(_))));
    let one_kernel = change("platform = \"vm\"", "platform = \"nitro\"");
    assert!(matches!(one_kernel, Err(PinError::Kernel(Platform::Nitro))));
    assert!(matches!(
        change("debian-kernel", "kernel-source"),
        Err(PinError::Purpose(Purpose::KernelSource))
    ));
}

/// A pin of five bytes.
fn hello() -> Input {
    let mut input = Pins::parse(&committed())
        .unwrap()
        .input(Purpose::KernelSource)
        .unwrap()
        .clone();
    input.file = "hello".into();
    input.sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824".into();
    input
}

#[test]
fn an_input_that_nobody_has_is_not_fetched_offline() {
    let folder = tempfile::tempdir().unwrap();
    let refused = Cache::at(folder.path().into())
        .input(&hello(), None, &Network::Offline)
        .unwrap_err();
    assert!(matches!(refused, ImageError::Offline { .. }));
    assert_eq!((refused.code(), refused.exit_code()), ("ORV-I-004", 5));
}

#[test]
fn a_given_file_is_taken_and_the_cache_keeps_it_by_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    let (given, cache) = (folder.path().join("hello"), Cache::at(folder.path().join("cache")));
    std::fs::write(&given, "hello").unwrap();
    assert_eq!(
        cache.input(&hello(), Some(folder.path()), &Network::Offline).unwrap(),
        given
    );
    let kept = cache.keep(&hello(), &given).unwrap();
    assert!(kept.to_str().unwrap().contains(&hello().sha256));
    assert_eq!(cache.input(&hello(), None, &Network::Offline).unwrap(), kept);
}

#[test]
fn other_bytes_are_refused_wherever_they_lie() {
    let folder = tempfile::tempdir().unwrap();
    let (given, cache) = (folder.path().join("hello"), Cache::at(folder.path().join("cache")));
    std::fs::write(&given, "hello").unwrap();
    let kept = cache.keep(&hello(), &given).unwrap();
    for path in [&given, &kept] {
        std::fs::write(path, "jello").unwrap();
    }
    for inputs in [Some(folder.path()), None] {
        let refused = cache.input(&hello(), inputs, &Network::Offline).unwrap_err();
        assert!(matches!(refused, ImageError::Hash { .. }));
        assert_eq!((refused.code(), refused.exit_code()), ("ORV-I-003", 3));
    }
    assert!(matches!(cache.keep(&hello(), &given), Err(ImageError::Hash { .. })));
}
