//! A Debian root file system with Python as an OCI image layout, made out of packages by `tests/real-image/make`.

use std::path::{Path, PathBuf};
use std::process::Command;

use orv_content::archive::Quota;
use orv_content::materialize::read_directory;
use orv_content::oci::ManifestDigest;
use orv_content::tree::Tree;

/// The image as whoever publishes a benchmark would have it.
pub struct DebianImage {
    /// Where the layout lies.
    pub folder: PathBuf,
    /// The layout.
    pub layout: Tree,
    /// The digest that names the image.
    pub manifest: ManifestDigest,
}

/// The exit status by which `make` says that this machine cannot make the image.
const CANNOT: i32 = 77;

/// The image, from the user's cache where it has been made before; `None`, with a loud word on standard error, where
/// this machine cannot make it. Takes a quarter of a minute and the registry of Debian's packages the first time.
pub fn python_image() -> Option<DebianImage> {
    let make = Path::new(env!("CARGO_MANIFEST_DIR")).join("real-image/make");
    let output = Command::new(&make).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(CANNOT) {
        eprintln!("SKIPPED, NOT TESTED: {said}");
        return None;
    }
    assert!(output.status.success(), "{}: {said}", make.display());
    let printed = String::from_utf8(output.stdout).unwrap();
    let (folder, manifest) = printed.trim_end().split_once('\n').unwrap();
    Some(DebianImage {
        folder: folder.into(),
        layout: read_directory(Path::new(folder), &Quota::project()).unwrap(),
        manifest: manifest.parse().unwrap(),
    })
}
