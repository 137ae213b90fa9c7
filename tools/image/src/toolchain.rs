//! What makes the bytes besides their sources: compilers, linker and the libraries that end inside the binary.
//!
//! They are pinned by version, not fetched: another version gives other bytes, and so another measurement. That is not
//! an error, since whoever publishes an image may use the toolchain that they have; but it is said loudly, because
//! whoever reproduces a published image must use the same.

use crate::error::ImageError;
use crate::kernel::{Kernel, Origin};
use crate::pin::{Pins, Tool, sha256};
use crate::platform::Platform;
use crate::process::{output, plain};
use serde::Serialize;

/// A tool that is installed in another version than the pinned one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// Program or package.
    pub name: String,
    /// Version in the pins.
    pub pinned: String,
    /// Version on this machine; empty where it is not installed.
    pub installed: String,
}

/// The installed version of a tool; empty where it is not installed. Programs are asked themselves, because what a
/// package is called says little about what `gcc` starts; libraries are asked for by their package.
///
/// # Errors
/// [`ImageError::Tool`] where nobody can be asked.
pub fn installed(name: &str) -> Result<String, ImageError> {
    let version = match name {
        "rustc" | "gcc" | "ld" | "lz4" => output(plain(name).arg("--version")),
        package => output(plain("dpkg-query").args(["--show", "--showformat", "${Version}", package])),
    };
    match version {
        Ok(version) => Ok(version.lines().next().unwrap_or_default().trim().to_owned()),
        Err(ImageError::Step { .. }) => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// The tools of this machine, in the order of the pins.
///
/// # Errors
/// As [`installed`].
pub fn of_machine(pins: &Pins) -> Result<Vec<Tool>, ImageError> {
    let tools = pins.tools.iter();
    tools
        .map(|tool| {
            Ok(Tool {
                name: tool.name.clone(),
                version: installed(&tool.name)?,
            })
        })
        .collect()
}

/// Where this machine's tools are others than the pinned ones.
pub fn mismatches(pins: &Pins, machine: &[Tool]) -> Vec<Mismatch> {
    let pairs = pins.tools.iter().zip(machine);
    let different = pairs.filter(|(pinned, installed)| pinned.version != installed.version);
    let mismatch = |(pinned, installed): (&Tool, &Tool)| Mismatch {
        name: pinned.name.clone(),
        pinned: pinned.version.clone(),
        installed: installed.version.clone(),
    };
    different.map(mismatch).collect()
}

/// Where a kernel of ours is another than the pinned one: other tools give another, and so do options or patches that
/// changed since `orv-image pin update`. With neither, somebody changed what is in the cache.
pub fn kernel_mismatch(pins: &Pins, platform: Platform, kernel: &Kernel) -> Option<Mismatch> {
    let installed = sha256(&kernel.image);
    let pinned = pins.kernels.iter().find(|pinned| pinned.platform == platform)?;
    let other = matches!(kernel.origin, Origin::Own { .. }) && pinned.sha256 != installed;
    other.then(|| Mismatch {
        name: format!("kernel of {}", platform.name()),
        pinned: pinned.sha256.clone(),
        installed,
    })
}
