//! Processors and report versions.

use super::Tcb;

/// A line of processors, each with its own root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Product {
    /// EPYC 7003.
    Milan,
    /// EPYC 9004, with Bergamo and Siena.
    Genoa,
    /// EPYC 9005.
    Turin,
}

impl Product {
    /// Every product, oldest first.
    pub const ALL: [Self; 3] = [Self::Milan, Self::Genoa, Self::Turin];

    /// The name in the common names of ARK, ASK and ASVK.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Milan => "Milan",
            Self::Genoa => "Genoa",
            Self::Turin => "Turin",
        }
    }

    /// The product name that a VCEK carries: with the stepping on Milan, and without it later.
    pub const fn vcek_name(self) -> &'static str {
        match self {
            Self::Milan => "Milan-B0",
            Self::Genoa => "Genoa",
            Self::Turin => "Turin",
        }
    }

    /// Family, model and stepping as the CPUID instruction gives them.
    pub const fn family_model_stepping(self) -> [u8; 3] {
        match self {
            Self::Milan => [0x19, 0x01, 0x01],
            Self::Genoa => [0x19, 0x11, 0x01],
            Self::Turin => [0x1a, 0x02, 0x01],
        }
    }

    /// How many bytes of the 64 of CHIP_ID are the hardware's identifier; the others are zero.
    pub const fn hardware_id_size(self) -> usize {
        match self {
            Self::Milan | Self::Genoa => 64,
            Self::Turin => 8,
        }
    }

    /// A recent firmware of this product, as real reports show it.
    pub const fn recent_tcb(self) -> Tcb {
        match self {
            Self::Milan => Tcb {
                fmc: 0,
                boot_loader: 4,
                tee: 0,
                reserved: [0; 3],
                snp: 0x1b,
                microcode: 0xde,
            },
            Self::Genoa => Tcb {
                fmc: 0,
                boot_loader: 0x0a,
                tee: 0,
                reserved: [0; 3],
                snp: 0x19,
                microcode: 0x54,
            },
            Self::Turin => Tcb {
                fmc: 0,
                boot_loader: 1,
                tee: 0,
                reserved: [0; 3],
                snp: 2,
                microcode: 0x47,
            },
        }
    }
}

/// A version of the attestation report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// The first that was deployed.
    Two,
    /// With the processor's family, model and stepping.
    Three,
    /// As three.
    Four,
    /// With the mitigation vectors.
    Five,
}

impl Version {
    /// Every version, oldest first.
    pub const ALL: [Self; 4] = [Self::Two, Self::Three, Self::Four, Self::Five];

    /// The number in the report.
    pub const fn number(self) -> u32 {
        match self {
            Self::Two => 2,
            Self::Three => 3,
            Self::Four => 4,
            Self::Five => 5,
        }
    }
}
