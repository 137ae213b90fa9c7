//! Our own kernel, built once for each recipe and kept in the cache.

use super::{Kernel, Options, Origin};
use crate::error::ImageError;
use crate::pin::{Cache, Input, Tool};
use crate::process::{logged, output, plain};
use ring::digest::{Context, SHA256};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the build is told in place of who builds, where and when. The date is what `uname -v` says.
const IDENTITY: [(&str, &str); 4] = [
    ("KBUILD_BUILD_USER", "orv"),
    ("KBUILD_BUILD_HOST", "orv"),
    ("KBUILD_BUILD_VERSION", "1"),
    ("KBUILD_BUILD_TIMESTAMP", "Thu Jan  1 00:00:00 UTC 1970"),
];
/// Tools whose version shows in a kernel's bytes.
const TOOLS: [&str; 2] = ["gcc", "ld"];

/// Everything that a kernel's bytes depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe<'a> {
    /// Pin of the sources.
    pub source: &'a Input,
    /// The options asked for, on top of `make tinyconfig`.
    pub options: &'a Options,
    /// The tools of this machine.
    pub tools: &'a [Tool],
}

impl Recipe<'_> {
    /// The name under which the kernel is kept: SHA-256 of all of it, in hexadecimal.
    pub fn key(&self) -> String {
        let tools = self.tools.iter().filter(|tool| TOOLS.contains(&tool.name.as_str()));
        let mut parts = vec![
            "orv/kernel/v1".to_owned(),
            self.source.sha256.clone(),
            self.options.text(),
        ];
        parts.extend(tools.map(|tool| format!("{} {}", tool.name, tool.version)));
        parts.extend(IDENTITY.map(|(name, value)| format!("{name}={value}")));
        let mut context = Context::new(&SHA256);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        hex::encode(context.finish())
    }
}

/// The kernel of a recipe: from the cache, or built. `source` is the file of the recipe's pin; it is only asked for when
/// something has to be built.
///
/// # Errors
/// [`ImageError::OptionsNotTaken`], [`ImageError::Step`], and those of `source`.
pub fn build(
    recipe: &Recipe<'_>,
    cache: &Cache,
    source: impl FnOnce() -> Result<PathBuf, ImageError>,
) -> Result<Kernel, ImageError> {
    let key = recipe.key();
    let kernels = cache.folder("kernels")?;
    let place = kernels.join(&key);
    // Two builds at once would each take minutes for the same bytes: the second waits for the first.
    let lock = kernels.join(format!("{key}.lock"));
    let held = File::create(&lock).map_err(ImageError::file(&lock))?;
    held.lock().map_err(ImageError::file(&lock))?;
    if !place.join("bzImage").exists() {
        make(recipe, &source()?, &kernels, &place)?;
    }
    let read = |name: &str| {
        let path = place.join(name);
        fs::read(&path).map_err(ImageError::file(path))
    };
    Ok(Kernel {
        image: read("bzImage")?,
        release: String::from_utf8_lossy(&read("release")?).trim().to_owned(),
        origin: Origin::Own {
            recipe: key,
            options_sha256: crate::pin::sha256(recipe.options.text().as_bytes()),
        },
        modules: Vec::new(),
    })
}

/// Builds in a folder beside its final place, and moves what is kept there when all of it is there.
fn make(recipe: &Recipe<'_>, source: &Path, kernels: &Path, place: &Path) -> Result<(), ImageError> {
    let folder = tempfile::Builder::new()
        .prefix("build-")
        .tempdir_in(kernels)
        .map_err(ImageError::file(kernels))?;
    let work = folder.path();
    // The log survives a failure.
    let log = place.with_extension("log");
    let _ = fs::remove_file(&log);
    logged(plain("dpkg-deb").arg("-x").arg(source).arg(work.join("package")), &log)?;
    let tree = work.join("tree");
    fs::create_dir(&tree).map_err(ImageError::file(&tree))?;
    logged(
        plain("tar")
            .arg("xf")
            .arg(sources(work)?)
            .arg("-C")
            .arg(&tree)
            .arg("--strip-components=1"),
        &log,
    )?;
    configure(recipe.options, &tree, &log)?;
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    logged(kbuild(&tree).arg(format!("-j{jobs}")).arg("bzImage"), &log)?;
    let release = output(kbuild(&tree).arg("kernelrelease"))?;
    let kept = work.join("kept");
    fs::create_dir(&kept).map_err(ImageError::file(&kept))?;
    for (from, to) in [("arch/x86/boot/bzImage", "bzImage"), (".config", "config")] {
        fs::copy(tree.join(from), kept.join(to)).map_err(ImageError::file(tree.join(from)))?;
    }
    fs::write(kept.join("release"), release).map_err(ImageError::file(kept.join("release")))?;
    fs::rename(&kept, place).map_err(ImageError::file(place))
}

/// The archive of sources inside the unpacked package.
fn sources(work: &Path) -> Result<PathBuf, ImageError> {
    let folder = work.join("package/usr/src");
    let entries = fs::read_dir(&folder).map_err(ImageError::file(&folder))?;
    let mut paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    paths
        .find(|path| path.to_string_lossy().ends_with(".tar.xz"))
        .ok_or_else(|| ImageError::Environment(format!("no archive of sources is in {}", folder.display())))
}

fn configure(options: &Options, tree: &Path, log: &Path) -> Result<(), ImageError> {
    let file = tree.join(".config");
    logged(kbuild(tree).arg("tinyconfig"), log)?;
    let tiny = fs::read_to_string(&file).map_err(ImageError::file(&file))?;
    fs::write(&file, tiny + &options.text()).map_err(ImageError::file(&file))?;
    logged(kbuild(tree).arg("olddefconfig"), log)?;
    let configuration = fs::read_to_string(&file).map_err(ImageError::file(&file))?;
    match options.not_taken(&configuration) {
        taken if taken.is_empty() => Ok(()),
        not_taken => Err(ImageError::OptionsNotTaken(not_taken)),
    }
}

/// `make` in the tree, told nothing of this machine.
fn kbuild(tree: &Path) -> Command {
    let mut make = plain("make");
    make.arg("-s").current_dir(tree).envs(IDENTITY);
    for variable in [
        "MAKEFLAGS",
        "KCFLAGS",
        "KAFLAGS",
        "CFLAGS",
        "LDFLAGS",
        "CC",
        "LD",
        "ARCH",
        "CROSS_COMPILE",
        "O",
    ] {
        make.env_remove(variable);
    }
    make.env("KCONFIG_CONFIG", ".config");
    make
}
