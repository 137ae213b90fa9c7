//! The platforms by name, real and simulated.

use std::fmt;
use std::str::FromStr;

/// What kind of hardware speaks, or pretends to (`sim-…`). The names are those of DESIGN 5.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// AWS Nitro Enclaves.
    Nitro,
    /// Intel TDX.
    Tdx,
    /// AMD SEV-SNP.
    Snp,
    /// Nitro's format under the simulator's published root: proves nothing about hardware.
    SimNitro,
    /// TDX's format under the simulator's published root: proves nothing about hardware.
    SimTdx,
    /// SEV-SNP's format under the simulator's published root: proves nothing about hardware.
    SimSnp,
}

impl Platform {
    /// Every platform, real ones first.
    pub const ALL: [Self; 6] = [
        Self::Nitro,
        Self::Tdx,
        Self::Snp,
        Self::SimNitro,
        Self::SimTdx,
        Self::SimSnp,
    ];

    /// The name that is hashed, stored and printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nitro => "nitro",
            Self::Tdx => "tdx",
            Self::Snp => "snp",
            Self::SimNitro => "sim-nitro",
            Self::SimTdx => "sim-tdx",
            Self::SimSnp => "sim-snp",
        }
    }

    /// Whether a software vendor with a published key stands where the hardware should.
    pub const fn is_simulated(self) -> bool {
        matches!(self, Self::SimNitro | Self::SimTdx | Self::SimSnp)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())?;
        if self.is_simulated() {
            formatter.write_str(" (SIMULATED)")
        } else {
            Ok(())
        }
    }
}

/// A platform name outside DESIGN 5.4's six.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown platform {0:?}")]
pub struct UnknownPlatform(pub String);

impl FromStr for Platform {
    type Err = UnknownPlatform;

    fn from_str(name: &str) -> Result<Self, UnknownPlatform> {
        Self::ALL
            .into_iter()
            .find(|platform| platform.as_str() == name)
            .ok_or_else(|| UnknownPlatform(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_is_found_by_its_name() {
        for platform in Platform::ALL {
            assert_eq!(platform.as_str().parse(), Ok(platform));
        }
        assert_eq!("sgx".parse::<Platform>(), Err(UnknownPlatform("sgx".to_owned())));
    }

    #[test]
    fn a_simulated_platform_never_prints_without_saying_so() {
        for platform in Platform::ALL {
            assert_eq!(platform.to_string().contains("SIMULATED"), platform.is_simulated());
        }
    }
}
