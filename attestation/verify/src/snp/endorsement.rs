//! What kind of key signs reports.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Product;

/// What kind of key signs reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EndorsementKind {
    /// Versioned chip endorsement key: derived from one chip's secret and its firmware's versions. Under the ASK.
    Vcek,
    /// Versioned loaded endorsement key: AMD gave it to a cloud provider, whose chips share it. Under the ASVK.
    Vlek,
}

impl EndorsementKind {
    /// The common name of the key's certificate.
    pub(super) const fn common_name(self) -> &'static str {
        match self {
            Self::Vcek => "SEV-VCEK",
            Self::Vlek => "SEV-VLEK",
        }
    }

    /// The common name of the authority above it.
    pub(super) fn authority(self, product: Product) -> String {
        format!("{}{product}", self.authority_prefix())
    }

    /// How the common names of authorities above keys of this kind begin.
    pub(super) const fn authority_prefix(self) -> &'static str {
        match self {
            Self::Vcek => "SEV-",
            Self::Vlek => "SEV-VLEK-",
        }
    }

    /// The product of an authority of that common name, if it is above keys of this kind.
    pub(super) fn product_of(self, authority: &str) -> Option<Product> {
        Product::named(authority.strip_prefix(self.authority_prefix())?)
    }
}

impl fmt::Display for EndorsementKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Vcek => "VCEK",
            Self::Vlek => "VLEK",
        })
    }
}
