//! Security version numbers of a platform's firmware.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Octets, Product};

/// The security version numbers of one state of the firmware (SEV-SNP ABI, "TCB_VERSION"). As a floor, each number is
/// the least that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tcb {
    /// The secure processor's boot loader.
    #[serde(rename = "bl")]
    pub boot_loader: u8,
    /// The secure processor's operating system.
    pub tee: u8,
    /// The SNP firmware.
    pub snp: u8,
    /// The lowest microcode patch level of all cores.
    #[serde(rename = "ucode")]
    pub microcode: u8,
    /// The firmware management component, on Turin alone.
    #[serde(default)]
    pub fmc: Option<u8>,
}

impl Tcb {
    /// Reads the eight bytes of a TCB version, whose order depends on the product.
    pub const fn decode(bytes: Octets<8>, product: Product) -> Self {
        let [zero, one, two, three, _, _, six, seven] = bytes.0;
        match product {
            Product::Milan | Product::Genoa => Self {
                boot_loader: zero,
                tee: one,
                snp: six,
                microcode: seven,
                fmc: None,
            },
            Product::Turin => Self {
                boot_loader: one,
                tee: two,
                snp: three,
                microcode: seven,
                fmc: Some(zero),
            },
        }
    }

    /// Whether no component is below that of `floor`. Versions of different components never make up for each other.
    pub fn is_at_least(&self, floor: &Self) -> bool {
        self.boot_loader >= floor.boot_loader
            && self.tee >= floor.tee
            && self.snp >= floor.snp
            && self.microcode >= floor.microcode
            && self.fmc.unwrap_or(0) >= floor.fmc.unwrap_or(0)
    }
}

impl fmt::Display for Tcb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "bl {} tee {} snp {} ucode {}",
            self.boot_loader, self.tee, self.snp, self.microcode
        )?;
        match self.fmc {
            Some(fmc) => write!(formatter, " fmc {fmc}"),
            None => Ok(()),
        }
    }
}
