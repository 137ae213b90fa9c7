//! Whose reports the kernel gives.

use std::fmt;
use std::str::FromStr;

use crate::Platform;

/// The driver that answers, in the kernel's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// `sev_guest`: AMD SEV-SNP.
    SevGuest,
    /// `tdx_guest`: Intel TDX.
    TdxGuest,
}

impl Provider {
    /// The kernel's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SevGuest => "sev_guest",
            Self::TdxGuest => "tdx_guest",
        }
    }

    /// The platform that speaks.
    pub const fn platform(self) -> Platform {
        match self {
            Self::SevGuest => Platform::Snp,
            Self::TdxGuest => Platform::Tdx,
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A provider that is none of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown provider {0:?}")]
pub struct UnknownProvider(pub String);

impl FromStr for Provider {
    type Err = UnknownProvider;

    /// Reads the attribute as the kernel writes it, with its newline.
    fn from_str(line: &str) -> Result<Self, UnknownProvider> {
        match line {
            "sev_guest\n" => Ok(Self::SevGuest),
            "tdx_guest\n" => Ok(Self::TdxGuest),
            other => Err(UnknownProvider(other.to_owned())),
        }
    }
}
