//! The enclave's binary: static, and the same bytes from any folder and for any user.

use crate::elf;
use crate::error::ImageError;
use crate::pin::Network;
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
/// What compiles C and links, by the name under which it is pinned. `cc` may be another.
const COMPILER: &str = "gcc";
/// The most that it may have, in bytes.
pub const LARGEST: u64 = 6 * 1024 * 1024;
/// In the name of the simulator's root: evidence that everybody can make must never be in an image.
const SIMULATOR: &[u8] = b"SIMULATED - private key published";

/// The binary for a platform, built from the checkout and checked.
///
/// `target` is the folder of cargo's intermediate files; nothing of its name shows in the result. Crates are fetched
/// first, where that is allowed; the build itself has no network.
///
/// # Errors
/// [`ImageError::Step`] where cargo fails, [`ImageError::Binary`] and [`ImageError::TooLarge`] where the result is unfit.
pub fn build(
    repository: &Path,
    platform: Platform,
    target: &Path,
    network: &Network,
    log: &Path,
) -> Result<Vec<u8>, ImageError> {
    let _ = fs::remove_file(log);
    if *network == Network::Allowed {
        let mut fetch = plain("cargo");
        fetch
            .current_dir(repository)
            .args(["fetch", "--locked", "--target", TARGET]);
        logged(&mut fetch, log)?;
    }
    let mut cargo = plain("cargo");
    cargo.current_dir(repository).arg("build").args([
        "--package",
        "orv-enclave",
        "--locked",
        "--offline",
        "--profile",
        PROFILE,
    ]);
    cargo
        .args(["--target", TARGET, "--features", platform.name(), "--target-dir"])
        .arg(target);
    let remapped = remapped(repository, target)?;
    cargo
        .env("CARGO_ENCODED_RUSTFLAGS", rust_flags(&remapped))
        .env("CC", COMPILER)
        .env("CFLAGS", c_flags(&remapped))
        // Folders may have spaces in their names: the flags are quoted words.
        .env("CC_SHELL_ESCAPED_FLAGS", "1");
    // What a person's own settings of cargo would put before the compiler.
    cargo.env("RUSTC_WRAPPER", "").env("RUSTC_WORKSPACE_WRAPPER", "");
    cargo.env("CARGO_INCREMENTAL", "0").env("SOURCE_DATE_EPOCH", "0");
    logged(&mut cargo, log)?;
    let path = target.join(TARGET).join(PROFILE).join("orv-enclave");
    let binary = fs::read(&path).map_err(ImageError::file(&path))?;
    check(&binary, &remapped)?;
    Ok(binary)
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
    let mut flags = OsString::from(format!("-Ctarget-feature=+crt-static\u{1f}-Clinker={COMPILER}"));
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
    check_paths(binary, remapped)
}

/// That no folder of this machine shows, unless it is called what stands for it.
fn check_paths(binary: &[u8], remapped: &[(PathBuf, String)]) -> Result<(), ImageError> {
    let ours = |name: &Path| remapped.iter().any(|(_, stands)| name == Path::new(stands));
    match remapped
        .iter()
        .find(|(folder, _)| !ours(folder) && shows(binary, folder))
    {
        Some((folder, _)) => Err(ImageError::Binary(format!(
            "names a folder of this machine, {}",
            folder.display()
        ))),
        None => Ok(()),
    }
}

/// Whether a folder is named in these bytes. Texts lie side by side in a binary, so a name of two or more parts is looked
/// for everywhere; one of a single part (`/src`) is part of other paths, and counts where a path begins with it.
fn shows(bytes: &[u8], folder: &Path) -> bool {
    if folder.components().count() > 2 {
        return contains(bytes, folder.as_os_str().as_encoded_bytes());
    }
    let wanted = [folder.as_os_str().as_encoded_bytes(), b"/"].concat();
    let of_a_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/".contains(byte);
    let mut places = bytes.windows(wanted.len()).enumerate();
    places.any(|(at, window)| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        window == wanted && !before.is_some_and(of_a_name)
    })
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_shows_where_a_path_begins_with_it() {
        for text in ["/src/lib.rs", "at /src/lib.rs", "\0/src/lib.rs"] {
            assert!(shows(text.as_bytes(), Path::new("/src")), "{text}");
        }
        for text in ["/cargo/src/lib.rs", "usr/src/lib.rs", "/srcs/lib.rs", "/src", ""] {
            assert!(!shows(text.as_bytes(), Path::new("/src")), "{text}");
        }
        assert!(shows(b"another text/home/orv", Path::new("/home/orv")));
    }

    #[test]
    fn a_folder_that_stands_for_itself_shows_nothing() {
        let checked = check_paths(
            b"panicked at /orv/enclave/src/main.rs",
            &[("/orv".into(), "/orv".into())],
        );
        assert!(checked.is_ok());
        let checked = check_paths(
            b"panicked at /home/orv/enclave/main.rs",
            &[("/home/orv".into(), "/orv".into())],
        );
        assert!(matches!(checked, Err(ImageError::Binary(_))));
    }
}
