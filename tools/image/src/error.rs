//! Why an image was not built, each cause with its code (`docs/errors.md`), exit code and next step.

use crate::cpio::CpioError;
use crate::eif::EifError;
use crate::kernel::OptionError;
use crate::pin::PinError;
use crate::uki::PeError;
use std::io;
use std::path::{Path, PathBuf};

/// Every failure of `orv-image`.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The pins cannot be used.
    #[error("{path}: {cause}")]
    Pins {
        /// Where they were looked for.
        path: PathBuf,
        /// What is wrong with them.
        cause: PinError,
    },
    /// The archive has the package, but not this version.
    #[error("{package} {version} is pinned, but the archive's {suite} no longer serves it: {answer}")]
    Gone {
        /// Package.
        package: String,
        /// Version in the pins.
        version: String,
        /// Suite of the archive.
        suite: String,
        /// What the archive's client said.
        answer: String,
    },
    /// Other bytes than the pinned ones.
    #[error("{file} has SHA-256 {found}, but {pinned} is pinned")]
    Hash {
        /// File.
        file: String,
        /// Of the bytes.
        found: String,
        /// In the pins.
        pinned: String,
    },
    /// An input is not in the cache and may not be fetched.
    #[error("{file} is not in {cache}, and --offline forbids fetching it")]
    Offline {
        /// File.
        file: String,
        /// Where it would be.
        cache: PathBuf,
    },
    /// The machine's own configuration of the archive cannot be used.
    #[error("the archive of {suite} cannot be used: {cause}")]
    Archive {
        /// Suite of the archive.
        suite: String,
        /// What happened.
        cause: String,
    },
    /// A fragment of the kernel's configuration cannot be read.
    #[error("{path}: {cause}")]
    Fragment {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        cause: OptionError,
    },
    /// The kernel's own rules overruled an option.
    #[error("the kernel's configuration did not take: {}", .0.join(", "))]
    OptionsNotTaken(Vec<String>),
    /// Options of the kernel are on that nobody gave a reason for.
    #[error("the kernel would have, without a line in images/kernel: {}", .0.join(", "))]
    OptionsUnasked(Vec<String>),
    /// A program that the build needs is missing.
    #[error("{program} could not be started: {cause}")]
    Tool {
        /// Its name.
        program: String,
        /// What the system said.
        cause: io::Error,
    },
    /// A program of the build failed.
    #[error("{command} failed ({status}): {last}")]
    Step {
        /// What was run.
        command: String,
        /// How it ended.
        status: String,
        /// The last lines that it wrote.
        last: String,
    },
    /// A file cannot be read or written.
    #[error("{path}: {cause}")]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The enclave's binary is not fit for an image.
    #[error("the enclave's binary {0}")]
    Binary(String),
    /// Something is larger than this project allows itself.
    #[error("{what} has {size} bytes, more than {most}")]
    TooLarge {
        /// What.
        what: &'static str,
        /// How large it is.
        size: u64,
        /// How large it may be.
        most: u64,
    },
    /// The initramfs cannot be written.
    #[error("the initramfs: {0}")]
    Initramfs(#[from] CpioError),
    /// The image file cannot be written.
    #[error("the image: {0}")]
    Eif(#[from] EifError),
    /// The one-file image for VMs cannot be written.
    #[error("the one-file image: {0}")]
    OneFile(#[from] PeError),
    /// The image that was written does not read back as what was put in.
    #[error("the image that was written does not measure: {0}")]
    Measure(String),
    /// Two builds of the same sources differ.
    #[error("two builds differ in {}", .0.join(", "))]
    Differ(Vec<String>),
    /// The environment lacks something that every build needs.
    #[error("{0}")]
    Environment(String),
}

impl ImageError {
    /// A file's failure, with its path.
    pub fn file(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |cause| Self::File { path, cause }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Pins { .. } => "ORV-I-001",
            Self::Gone { .. } => "ORV-I-002",
            Self::Hash { .. } => "ORV-I-003",
            Self::Offline { .. } => "ORV-I-004",
            Self::Archive { .. } => "ORV-I-005",
            Self::Fragment { .. } => "ORV-I-006",
            Self::OptionsNotTaken(_) => "ORV-I-007",
            Self::Tool { .. } => "ORV-I-008",
            Self::Step { .. } => "ORV-I-009",
            Self::File { .. } => "ORV-I-010",
            Self::Binary(_) => "ORV-I-011",
            Self::TooLarge { .. } => "ORV-I-012",
            Self::Initramfs(_) | Self::Eif(_) | Self::OneFile(_) | Self::Measure(_) => "ORV-I-013",
            Self::Differ(_) => "ORV-I-014",
            Self::Environment(_) => "ORV-I-015",
            Self::OptionsUnasked(_) => "ORV-I-016",
        }
    }

    /// The exit code: 5 where something is not available now, 3 for wrong content, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Gone { .. } | Self::Offline { .. } | Self::Archive { .. } => 5,
            Self::Hash { .. } | Self::Differ(_) | Self::Measure(_) => 3,
            _ => 1,
        }
    }

    /// What to do about it.
    pub fn next(&self) -> &'static str {
        match self {
            Self::Pins { .. } => "correct images/pins.toml, or take the committed one",
            Self::Gone { .. } => {
                "run `orv-image pin update` and commit the new pins, or fetch the pinned file by its 0G root \
                 (`orv-image pin list`) into a folder and give it as --inputs"
            }
            Self::Hash { .. } => {
                "do not use this file: somebody changed it, or the pins are wrong; one in the cache can be deleted, and is \
                 made or fetched again"
            }
            Self::Offline { .. } => "run once without --offline, or give a folder with the file as --inputs",
            Self::Archive { .. } => "check the network and /etc/apt/sources.list.d: a Debian archive must be in it",
            Self::Fragment { .. } => "write one option a line, with its reason behind a #",
            Self::OptionsNotTaken(_) => "see which option it depends on (`make menuconfig`, then /) and add that",
            Self::OptionsUnasked(_) => "give each a line with its reason, or turn off what brings it",
            Self::Tool { .. } => "install it: `./dev image` names and installs every package",
            Self::Step { .. } => "read the log that the message names",
            Self::File { .. } => "check the path, its permissions and the disk",
            Self::Binary(_) => "build it as `orv-image` does, from a clean checkout",
            Self::TooLarge { .. } => "find what grew: `cargo bloat`, the kernel's configuration",
            Self::Initramfs(_) | Self::Eif(_) | Self::OneFile(_) | Self::Measure(_) => {
                "report it: this is a defect of orv-image"
            }
            Self::Differ(_) => "compare the two folders that the message names, e.g. with diffoscope",
            Self::Environment(_) => "set HOME or XDG_CACHE_HOME, and run it inside the checkout",
        }
    }
}
