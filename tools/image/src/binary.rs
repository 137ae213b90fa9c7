//! The enclave's binary: static, and the same bytes from any folder and for any user.

use crate::elf;
use crate::error::ImageError;
use crate::platform::Platform;
use crate::process::{logged, output, plain};
use crate::repository;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The one target of every image.
pub const TARGET: &str = "x86_64-unknown-linux-gnu";
/// What every image's binary is built as.
const PROFILE: &str = "reproducible";
/// The most that it may have, in bytes.
pub const LARGEST: u64 = 6 * 1024 * 1024;
/// In the name of the simulator's root: evidence that everybody can make must never be in an image.
const SIMULATOR: &[u8] = b"SIMULATED - private key published";

/// The binary for a platform, built from the checkout and checked.
///
/// `target` is the folder of cargo's intermediate files; nothing of its name shows in the result.
///
/// # Errors
/// [`ImageError::Step`] where cargo fails, [`ImageError::Binary`] and [`ImageError::TooLarge`] where the result is unfit.
pub fn build(repository: &Path, platform: Platform, target: &Path, log: &Path) -> Result<Vec<u8>, ImageError> {
    let _ = fs::remove_file(log);
    let mut cargo = plain("cargo");
    cargo
        .current_dir(repository)
        .arg("build")
        .args(["--package", "orv-enclave", "--locked", "--profile", PROFILE]);
    cargo
        .args(["--target", TARGET, "--features", platform.name(), "--target-dir"])
        .arg(target);
    for (name, _) in std::env::vars_os() {
        if steers_the_build(&name.to_string_lossy()) {
            cargo.env_remove(name);
        }
    }
    let remapped = remapped(repository, target)?;
    cargo
        .env("CARGO_ENCODED_RUSTFLAGS", rust_flags(&remapped))
        .env("CFLAGS", c_flags(&remapped))
        // Folders may have spaces in their names: the flags are quoted words.
        .env("CC_SHELL_ESCAPED_FLAGS", "1");
    cargo.env("CARGO_INCREMENTAL", "0").env("SOURCE_DATE_EPOCH", "0");
    logged(&mut cargo, log)?;
    let path = target.join(TARGET).join(PROFILE).join("orv-enclave");
    let binary = fs::read(&path).map_err(ImageError::file(&path))?;
    check(&binary, &remapped)?;
    Ok(binary)
}

/// Whether a variable of the environment would change what cargo or a C compiler makes.
fn steers_the_build(name: &str) -> bool {
    let kept = [
        "CARGO_HOME",
        "CARGO_NET_OFFLINE",
        "CARGO_HTTP_PROXY",
        "RUSTUP_HOME",
        "RUSTUP_TOOLCHAIN",
    ];
    let steering = [
        "CARGO", "RUST", "CC_", "CFLAGS", "CXXFLAGS", "TARGET_", "HOST_", "RING_",
    ];
    let exact = [
        "CC",
        "AR",
        "CPATH",
        "C_INCLUDE_PATH",
        "LIBRARY_PATH",
        "COMPILER_PATH",
        "GCC_EXEC_PREFIX",
    ];
    !kept.contains(&name)
        && !name.starts_with("CARGO_REGISTRIES_")
        && (exact.contains(&name) || steering.iter().any(|prefix| name.starts_with(prefix)))
}

/// Folders of this machine and the names that stand for them in the binary. Where two fit, the later one counts.
fn remapped(repository: &Path, target: &Path) -> Result<Vec<(PathBuf, String)>, ImageError> {
    let home = repository::cargo_home()?;
    let sysroot = PathBuf::from(output(plain("rustc").args(["--print", "sysroot"]).current_dir(repository))?.trim());
    let mut folders = vec![
        (home.clone(), "/cargo".to_owned()),
        (repository.to_owned(), "/orv".to_owned()),
        (target.to_owned(), "/target".to_owned()),
        (sysroot, "/rust".to_owned()),
    ];
    // The folder of a registry is called by its address, and a mirror has another.
    let registries = home.join("registry/src");
    if let Ok(entries) = fs::read_dir(&registries) {
        folders.extend(
            entries
                .filter_map(Result::ok)
                .map(|entry| (entry.path(), "/registry".to_owned())),
        );
    }
    Ok(folders)
}

fn rust_flags(remapped: &[(PathBuf, String)]) -> OsString {
    let mut flags = OsString::from("-Ctarget-feature=+crt-static");
    for (from, to) in remapped {
        flags.push("\u{1f}--remap-path-prefix=");
        flags.push(from);
        flags.push(format!("={to}"));
    }
    flags
}

fn c_flags(remapped: &[(PathBuf, String)]) -> OsString {
    let mut flags = OsString::new();
    for (from, to) in remapped {
        let from = from.to_string_lossy().replace('\'', r"'\''");
        flags.push(format!(" '-ffile-prefix-map={from}={to}'"));
    }
    flags
}

fn check(binary: &[u8], remapped: &[(PathBuf, String)]) -> Result<(), ImageError> {
    let size = binary.len() as u64;
    if size > LARGEST {
        return Err(ImageError::TooLarge {
            what: "the enclave's binary",
            size,
            most: LARGEST,
        });
    }
    if let Some(library) = elf::interpreter(binary).map_err(|cause| ImageError::Binary(cause.to_string()))? {
        return Err(ImageError::Binary(format!("is not static: it asks for {library}")));
    }
    if contains(binary, SIMULATOR) {
        return Err(ImageError::Binary("has the simulator in it".to_owned()));
    }
    let shows = remapped
        .iter()
        .find(|(folder, _)| contains(binary, folder.as_os_str().as_encoded_bytes()));
    match shows {
        Some((folder, _)) => Err(ImageError::Binary(format!(
            "names a folder of this machine, {}",
            folder.display()
        ))),
        None => Ok(()),
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_build_is_not_inherited() {
        for name in [
            "RUSTFLAGS",
            "CARGO_BUILD_RUSTFLAGS",
            "RUSTC_WRAPPER",
            "CC",
            "CFLAGS_x86_64_unknown_linux_gnu",
        ] {
            assert!(steers_the_build(name), "{name}");
        }
        for name in ["CARGO_HOME", "PATH", "HOME", "CARGO_NET_OFFLINE", "RUSTUP_HOME"] {
            assert!(!steers_the_build(name), "{name}");
        }
    }
}
