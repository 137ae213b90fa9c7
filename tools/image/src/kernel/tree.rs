//! An unpacked tree of the kernel's sources: changed, configured and built without anything of this machine.

use super::kept::Kept;
use super::{Options, Patch};
use crate::error::ImageError;
use crate::process::{logged, output, plain};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the build is told in place of who builds, where and when. The date is what `uname -v` says.
pub(super) const IDENTITY: [(&str, &str); 4] = [
    ("KBUILD_BUILD_USER", "orv"),
    ("KBUILD_BUILD_HOST", "orv"),
    ("KBUILD_BUILD_VERSION", "1"),
    ("KBUILD_BUILD_TIMESTAMP", "Thu Jan  1 00:00:00 UTC 1970"),
];
/// Programs that the build asks for their version and never needs: an answer would show in the finished configuration.
const UNUSED: [&str; 3] = ["RUSTC=false", "BINDGEN=false", "PAHOLE=false"];
/// Our options, in a file of their own beside the tree's.
const ASKED: &str = "orv.config";
/// The finished configuration.
const FINISHED: &str = ".config";

/// The tree.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    folder: PathBuf,
    log: &'a Path,
}

impl<'a> Tree<'a> {
    /// Unpacks the sources of a package. Everything that programs write goes to `log`.
    pub(super) fn unpack(package: &Path, work: &Path, log: &'a Path) -> Result<Self, ImageError> {
        let folder = work.join("tree");
        fs::create_dir(&folder).map_err(ImageError::file(&folder))?;
        logged(plain("dpkg-deb").arg("-x").arg(package).arg(work.join("package")), log)?;
        let archive = archive(&work.join("package/usr/src"))?;
        let mut tar = plain("tar");
        tar.arg("xf").arg(archive).arg("-C").arg(&folder);
        logged(tar.arg("--strip-components=1"), log)?;
        Ok(Self { folder, log })
    }

    /// Makes a change. Sources that it does not fit exactly are an error.
    pub(super) fn apply(&self, patch: &Patch) -> Result<(), ImageError> {
        let file = self.folder.join("orv.patch");
        fs::write(&file, &patch.text).map_err(ImageError::file(&file))?;
        let mut program = plain("patch");
        program.current_dir(&self.folder);
        program.args(["--strip=1", "--forward", "--fuzz=0", "--batch", "--input"]);
        logged(program.arg(&file), self.log)
    }

    /// Answers no to everything that `options` does not name. What is on nevertheless follows from an option that it
    /// names; an option that could be off and is on is an error, as is one that was asked for and is not there.
    pub(super) fn configure(&self, options: &Options) -> Result<(), ImageError> {
        self.write(ASKED, &options.text())?;
        let mut answered = self.kbuild("allnoconfig");
        logged(answered.env("KCONFIG_ALLCONFIG", ASKED), self.log)?;
        let finished = self.read(FINISHED)?;
        let not_taken = options.not_taken(&finished);
        if !not_taken.is_empty() {
            return Err(ImageError::OptionsNotTaken(not_taken));
        }
        match self.unasked(options, &finished)? {
            unasked if unasked.is_empty() => Ok(()),
            unasked => Err(ImageError::OptionsUnasked(unasked)),
        }
    }

    /// What is on although nobody asked for it and nothing needs it: the kernel's own tools are shown a configuration
    /// that leaves these options open, and list those that they would ask a person about.
    fn unasked(&self, options: &Options, finished: &str) -> Result<Vec<String>, ImageError> {
        const OPEN: &str = "orv.open";
        self.write(OPEN, &options.left_open(finished))?;
        let mut listing = self.kbuild("listnewconfig");
        let listed = output(listing.env("KCONFIG_CONFIG", OPEN))?;
        let on = listed.lines().map(str::trim).filter(|line| line.ends_with("=y"));
        Ok(on.map(str::to_owned).collect())
    }

    /// Builds it.
    pub(super) fn build(&self) -> Result<Kept, ImageError> {
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        logged(self.kbuild("bzImage").arg(format!("-j{jobs}")), self.log)?;
        let bytes = |name: &str| {
            let path = self.folder.join(name);
            fs::read(&path).map_err(ImageError::file(path))
        };
        Ok(Kept {
            image: bytes("arch/x86/boot/bzImage")?,
            configuration: bytes(FINISHED)?,
            release_line: output(&mut self.kbuild("kernelrelease"))?.into_bytes(),
        })
    }

    /// `make` in the tree.
    fn kbuild(&self, goal: &str) -> Command {
        let mut make = plain("make");
        make.arg("-s").arg(goal).args(UNUSED).current_dir(&self.folder);
        make.envs(IDENTITY).env("KCONFIG_CONFIG", FINISHED);
        make
    }

    fn read(&self, name: &str) -> Result<String, ImageError> {
        let path = self.folder.join(name);
        fs::read_to_string(&path).map_err(ImageError::file(path))
    }

    fn write(&self, name: &str, text: &str) -> Result<(), ImageError> {
        let path = self.folder.join(name);
        fs::write(&path, text).map_err(ImageError::file(path))
    }
}

/// The archive of sources inside the unpacked package.
fn archive(folder: &Path) -> Result<PathBuf, ImageError> {
    let entries = fs::read_dir(folder).map_err(ImageError::file(folder))?;
    let mut paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    paths
        .find(|path| path.to_string_lossy().ends_with(".tar.xz"))
        .ok_or_else(|| ImageError::Environment(format!("no archive of sources is in {}", folder.display())))
}
