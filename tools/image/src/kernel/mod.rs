//! The kernel: our own, built from the distribution's sources, or the distribution's.

mod debian;
mod kept;
mod options;
mod own;
mod patch;
mod tree;

pub use debian::unpack;
pub use options::{OptionError, Options, Setting};
pub use own::{Recipe, build};
pub use patch::Patch;

use serde::Serialize;

/// A kernel and what it was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    /// The bzImage.
    pub image: Vec<u8>,
    /// What `uname -r` says.
    pub release: String,
    /// The finished configuration of one that was built here.
    pub configuration: Option<Vec<u8>>,
    /// What a build's record says of it.
    pub origin: Origin,
    /// Modules in the order in which they are loaded: name of the file, content. None in our own.
    pub modules: Vec<(String, Vec<u8>)>,
}

impl Kernel {
    /// One that somebody else built: nothing is known of it but its bytes.
    pub fn given(image: Vec<u8>) -> Self {
        Self {
            image,
            release: "given".to_owned(),
            configuration: None,
            origin: Origin::Given,
            modules: Vec::new(),
        }
    }
}

/// Where a kernel is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Origin {
    /// Built here, or found in the cache as an earlier build of the very same recipe.
    Own {
        /// SHA-256 of everything that the build depends on.
        recipe: String,
        /// SHA-256 of the options asked for.
        options_sha256: String,
        /// Our changes to the sources.
        patches: Vec<Patch>,
        /// SHA-256 of the finished configuration.
        configuration_sha256: String,
    },
    /// The distribution's own.
    Debian,
    /// A file.
    Given,
}
