//! The two kinds of images.

use serde::{Deserialize, Serialize};

/// What an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// AWS Nitro Enclaves: one image file (EIF).
    Nitro,
    /// Intel TDX and AMD SEV-SNP: one image for both.
    Vm,
}

impl Platform {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Nitro, Self::Vm];

    /// Its name: of the cargo feature, of the files in `images/`, on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nitro => "nitro",
            Self::Vm => "vm",
        }
    }
}
