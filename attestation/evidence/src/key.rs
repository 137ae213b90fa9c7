//! The public key that evidence speaks of, in the chain's form and in Nitro's.

use std::fmt;
use std::str::FromStr;

use crate::Platform;

/// The one key algorithm (DESIGN 5.3): the chain's `ecrecover` is the reason.
pub const KEY_ALGORITHM: &str = "secp256k1";

/// `SubjectPublicKeyInfo { id-ecPublicKey, secp256k1, BIT STRING of 65 bytes }` up to the point itself (RFC 5480 2).
const SPKI_PREFIX: [u8; 23] = [
    0x30, 0x56, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00,
    0x0a, 0x03, 0x42, 0x00,
];

/// Where the secret key comes from. A claim of the measured program, told honestly (DESIGN 5.3): the evidence does not
/// sign it, so it is worth what the measurement is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyOrigin {
    /// Generated inside from the hardware's entropy, held only in protected memory, endorsed by the evidence.
    GeneratedInside,
    /// Derived by the secure processor from chip-unique material. Only SEV-SNP has such a key.
    HardwareDerived,
}

impl KeyOrigin {
    /// The name that is stored and printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GeneratedInside => "generated-inside",
            Self::HardwareDerived => "hardware-derived",
        }
    }

    /// Whether `platform` can have a key of this origin at all.
    pub const fn is_possible_on(self, platform: Platform) -> bool {
        match self {
            Self::GeneratedInside => true,
            Self::HardwareDerived => matches!(platform, Platform::Snp | Platform::SimSnp),
        }
    }
}

impl fmt::Display for KeyOrigin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A key origin that is neither `generated-inside` nor `hardware-derived`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown key origin {0:?}")]
pub struct UnknownKeyOrigin(pub String);

impl FromStr for KeyOrigin {
    type Err = UnknownKeyOrigin;

    fn from_str(name: &str) -> Result<Self, UnknownKeyOrigin> {
        match name {
            "generated-inside" => Ok(Self::GeneratedInside),
            "hardware-derived" => Ok(Self::HardwareDerived),
            other => Err(UnknownKeyOrigin(other.to_owned())),
        }
    }
}

/// The DER `SubjectPublicKeyInfo` of a secp256k1 key in uncompressed SEC1 form: what a Nitro document carries as
/// `public_key` (DESIGN 5.4).
pub fn subject_public_key_info(public_key: &[u8; 65]) -> [u8; 88] {
    let mut info = [0; 88];
    let (head, point) = info.split_at_mut(SPKI_PREFIX.len());
    head.copy_from_slice(&SPKI_PREFIX);
    point.copy_from_slice(public_key);
    info
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hardware_derived_key_is_possible_on_snp_alone() {
        for platform in Platform::ALL {
            let snp = matches!(platform, Platform::Snp | Platform::SimSnp);
            assert_eq!(KeyOrigin::HardwareDerived.is_possible_on(platform), snp);
            assert!(KeyOrigin::GeneratedInside.is_possible_on(platform));
        }
    }

    #[test]
    fn the_key_info_ends_with_the_point() {
        let info = subject_public_key_info(&[4; 65]);
        assert_eq!(info[..2], [0x30, 86], "a sequence of the 86 bytes that follow");
        assert_eq!(info[23..], [4; 65]);
    }
}
