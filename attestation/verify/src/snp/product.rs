//! The lines of processors that AMD certifies apart.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::SnpError;

/// A line of AMD's processors, each with a root of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Product {
    /// EPYC 7003. The root seed of its secure processor can be read by software (BadFuse, arXiv 2605.12990), so that
    /// no version of its firmware keeps its reports from being forged on such a chip.
    Milan,
    /// EPYC 9004 and 8004: Genoa, Bergamo, Siena.
    Genoa,
    /// EPYC 9005.
    Turin,
}

impl Product {
    /// All of them, oldest first.
    pub const ALL: [Self; 3] = [Self::Milan, Self::Genoa, Self::Turin];

    /// The name in the common names of AMD's certificates.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Milan => "Milan",
            Self::Genoa => "Genoa",
            Self::Turin => "Turin",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|product| product.as_str() == name)
    }

    /// The line that a key certificate's `productName` belongs to: the name before the stepping, where Bergamo and
    /// Siena go with Genoa.
    pub(super) fn of_product_name(name: &str) -> Option<Self> {
        match name.split('-').next() {
            Some("Milan") => Some(Self::Milan),
            Some("Genoa" | "Bergamo" | "Siena") => Some(Self::Genoa),
            Some("Turin") => Some(Self::Turin),
            _ => None,
        }
    }

    /// The line of a processor of this CPUID family and model, as a report of version 3 or later gives them.
    pub(super) const fn of_processor(processor: [u8; 3]) -> Result<Self, SnpError> {
        match processor {
            [0x19, 0x00..=0x0f, _] => Ok(Self::Milan),
            [0x19, 0x10..=0x1f | 0xa0..=0xaf, _] => Ok(Self::Genoa),
            [0x1a, 0x00..=0x11, _] => Ok(Self::Turin),
            _ => Err(SnpError::Processor(processor)),
        }
    }

    /// How many bytes of CHIP_ID identify the chip; the others are zero.
    pub(super) const fn chip_id_size(self) -> usize {
        match self {
            Self::Milan | Self::Genoa => 64,
            Self::Turin => 8,
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
