//! Where tests find what they compare with, and the loud word when it is not there.

use std::path::{Path, PathBuf};

/// The published vectors of attestation.
pub fn vectors() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let folder = std::env::var_os("ORV_VECTORS")
        .map_or(beside, PathBuf::from)
        .join("attestation");
    present(folder, "set ORV_VECTORS to the folder of the published vectors")
}

/// A vector in JSON.
pub fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A program that `./dev test` installs beside the tree.
#[allow(dead_code, reason = "not every test program has one")]
pub fn tool(path: &str) -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    present(cache.join("orv/tools").join(path), "./dev test installs it")
}

/// Debian's OVMF for virtual machines without secrets, which has the metadata of SNP and of TDX.
#[allow(dead_code, reason = "not every test program has one")]
pub fn debian_firmware() -> Option<PathBuf> {
    present(
        PathBuf::from("/usr/share/ovmf/OVMF.fd"),
        "it is in Debian's package ovmf",
    )
}

fn present(path: PathBuf, remedy: &str) -> Option<PathBuf> {
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: there is no {}: {remedy}", path.display());
    None
}
