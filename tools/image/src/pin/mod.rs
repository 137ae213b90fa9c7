//! Pins: every input of an image by name, version and SHA-256, and by the 0G root under which it is kept.

mod archive;
mod cache;
mod update;

pub use archive::Archive;
pub(crate) use cache::sha256;
pub use cache::{Cache, Network};
pub use update::{Moved, update};

use crate::error::ImageError;
use crate::platform::Platform;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

/// What a file of pins begins with.
pub const SCHEMA: &str = "orv-pins/1";
/// Where it is, below the repository's root.
pub const PATH: &str = "images/pins.toml";

const HEAD: &str = "\
# What enters an enclave image besides this repository and Cargo.lock. `orv-image pin update` writes this file; a person
# reads the difference and commits it. Where an archive is, is the building machine's own business, so it is not here.
";

/// All pins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pins {
    schema: String,
    /// What is fetched.
    #[serde(rename = "input")]
    pub inputs: Vec<Input>,
    /// What must be installed: its version shows in the bytes that it makes.
    #[serde(rename = "tool")]
    pub tools: Vec<Tool>,
    /// What the sources become with these tools: one kernel for each platform.
    #[serde(rename = "kernel")]
    pub kernels: Vec<KernelPin>,
}

/// A file of the distribution's archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What it is here for.
    pub purpose: Purpose,
    /// Package.
    pub package: String,
    /// A package without content that always depends on the newest `package`; absent where the name never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
    /// Version of the package.
    pub version: String,
    /// Suite of the archive that serves it.
    pub suite: String,
    /// Name of the file.
    pub file: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the file, in lowercase hexadecimal.
    pub sha256: String,
    /// 0G root of the file, with 0x: it can be had from 0G Storage when the archive has moved on.
    pub root: String,
}

/// What an input is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Sources of our own kernel.
    KernelSource,
    /// The distribution's kernel.
    DebianKernel,
}

/// A program or a package of the building machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Program or package.
    pub name: String,
    /// Version with which the published measurements were made.
    pub version: String,
}

/// The kernel that inputs, tools, options and patches give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KernelPin {
    /// What it is for.
    pub platform: Platform,
    /// SHA-256 of the bzImage, in lowercase hexadecimal.
    pub sha256: String,
}

/// Why pins cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// It is no TOML, or has other fields.
    #[error("it cannot be understood: {0}")]
    Toml(#[from] toml::de::Error),
    /// Another version of the format.
    #[error("schema {0:?} is not {SCHEMA}")]
    Schema(String),
    /// A hash that is none.
    #[error("{0:?} is not 64 hexadecimal digits in lower case")]
    Hash(String),
    /// A name that leads elsewhere.
    #[error("{0:?} is not the name of a file")]
    File(String),
    /// Two inputs for one purpose, or none.
    #[error("there must be one input for {0:?}")]
    Purpose(Purpose),
    /// Two kernels for one platform, or none.
    #[error("there must be one kernel for {}", .0.name())]
    Kernel(Platform),
}

impl Pins {
    /// Reads and checks `images/pins.toml` below the repository's root.
    ///
    /// # Errors
    /// [`ImageError::Pins`].
    pub fn read(repository: &Path) -> Result<Self, ImageError> {
        let path = repository.join(PATH);
        let read = || Self::parse(&std::fs::read_to_string(&path)?);
        read().map_err(|cause| ImageError::Pins {
            path: path.clone(),
            cause,
        })
    }

    /// Pins from their text.
    ///
    /// # Errors
    /// [`PinError`], one variant per cause.
    pub fn parse(text: &str) -> Result<Self, PinError> {
        let pins: Self = toml::from_str(text)?;
        if pins.schema != SCHEMA {
            return Err(PinError::Schema(pins.schema));
        }
        let mut purposes = BTreeSet::new();
        for input in &pins.inputs {
            let root = input.root.strip_prefix("0x").unwrap_or_default();
            checked(&input.sha256)?;
            checked(root)?;
            let plain = |letter: char| letter.is_ascii_alphanumeric() || "._+~-%".contains(letter);
            if input.file.starts_with('.') || input.file.is_empty() || !input.file.chars().all(plain) {
                return Err(PinError::File(input.file.clone()));
            }
            if !purposes.insert(input.purpose) {
                return Err(PinError::Purpose(input.purpose));
            }
        }
        for platform in Platform::ALL {
            let mut pinned = pins.kernels.iter().filter(|kernel| kernel.platform == platform);
            match (pinned.next(), pinned.next()) {
                (Some(kernel), None) => checked(&kernel.sha256)?,
                _ => return Err(PinError::Kernel(platform)),
            }
        }
        match [Purpose::KernelSource, Purpose::DebianKernel]
            .into_iter()
            .find(|purpose| !purposes.contains(purpose))
        {
            Some(missing) => Err(PinError::Purpose(missing)),
            None => Ok(pins),
        }
    }

    /// The input for a purpose.
    ///
    /// # Errors
    /// [`PinError::Purpose`]: not of pins that [`Pins::parse`] gave.
    pub fn input(&self, purpose: Purpose) -> Result<&Input, PinError> {
        let mut inputs = self.inputs.iter();
        inputs
            .find(|input| input.purpose == purpose)
            .ok_or(PinError::Purpose(purpose))
    }

    /// The file's text: always the same for the same pins.
    pub fn text(&self) -> String {
        let mut text = format!("{HEAD}\nschema = {SCHEMA:?}\n");
        for input in &self.inputs {
            text.push_str("\n[[input]]\n");
            let purpose = match input.purpose {
                Purpose::KernelSource => "kernel-source",
                Purpose::DebianKernel => "debian-kernel",
            };
            line(&mut text, "purpose", purpose);
            line(&mut text, "package", &input.package);
            if let Some(follows) = &input.follows {
                line(&mut text, "follows", follows);
            }
            line(&mut text, "version", &input.version);
            line(&mut text, "suite", &input.suite);
            line(&mut text, "file", &input.file);
            let _ = writeln!(text, "size = {}", input.size);
            line(&mut text, "sha256", &input.sha256);
            line(&mut text, "root", &input.root);
        }
        for tool in &self.tools {
            text.push_str("\n[[tool]]\n");
            line(&mut text, "name", &tool.name);
            line(&mut text, "version", &tool.version);
        }
        for kernel in &self.kernels {
            text.push_str("\n[[kernel]]\n");
            line(&mut text, "platform", kernel.platform.name());
            line(&mut text, "sha256", &kernel.sha256);
        }
        text
    }
}

/// Refuses what is no SHA-256.
fn checked(hash: &str) -> Result<(), PinError> {
    match hash.len() == 64 && hash.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        true => Ok(()),
        false => Err(PinError::Hash(hash.to_owned())),
    }
}

/// One setting. `{:?}` writes what TOML reads back: names and versions are plain text.
fn line(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "{name} = {value:?}");
}
