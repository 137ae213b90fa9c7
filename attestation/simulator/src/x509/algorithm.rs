//! The signature algorithms that certificates declare.

use super::der::{CONTEXT_0, CONTEXT_1, CONTEXT_2, CONTEXT_3, INTEGER, NULL, SEQUENCE, element, identifier};

const ECDSA_WITH_SHA256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const ECDSA_WITH_SHA384: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
const RSASSA_PSS: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
const MGF1: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08];
const SHA384: [u8; 9] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];

/// What a certificate or list says that it is signed with. The key decides what it is really signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// Intel's.
    EcdsaSha256,
    /// AWS's.
    EcdsaSha384,
    /// AMD's: RSASSA-PSS, SHA-384, MGF1 with SHA-384, and these two parameters (RFC 4055 3.1).
    RsaPssSha384 {
        /// Bytes of salt; AMD's is 48.
        salt: u8,
        /// Whether the default trailer field is written out.
        trailer: TrailerField,
    },
}

/// Whether the trailer field of RSASSA-PSS, always 1, is written although DER leaves defaults out. AMD's ARK, ASK and
/// ASVK have it, its VCEK and VLEK have not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrailerField {
    /// `[3] INTEGER 1`.
    Explicit,
    /// Left out.
    Absent,
}

impl SignatureAlgorithm {
    /// AMD's parameters on ARK, ASK and ASVK.
    pub const AMD_AUTHORITY: Self = Self::RsaPssSha384 {
        salt: 48,
        trailer: TrailerField::Explicit,
    };
    /// AMD's parameters on VCEK and VLEK.
    pub const AMD_LEAF: Self = Self::RsaPssSha384 {
        salt: 48,
        trailer: TrailerField::Absent,
    };

    /// The DER `AlgorithmIdentifier`.
    pub fn encode(self) -> Vec<u8> {
        match self {
            Self::EcdsaSha256 => element(SEQUENCE, &[&identifier(&ECDSA_WITH_SHA256)]),
            Self::EcdsaSha384 => element(SEQUENCE, &[&identifier(&ECDSA_WITH_SHA384)]),
            Self::RsaPssSha384 { salt, trailer } => {
                element(SEQUENCE, &[&identifier(&RSASSA_PSS), &pss_parameters(salt, trailer)])
            }
        }
    }
}

fn pss_parameters(salt: u8, trailer: TrailerField) -> Vec<u8> {
    let hash = element(SEQUENCE, &[&identifier(&SHA384), &NULL]);
    let mask = element(SEQUENCE, &[&identifier(&MGF1), &hash]);
    let trailer = match trailer {
        TrailerField::Explicit => element(CONTEXT_3, &[&element(INTEGER, &[&[1]])]),
        TrailerField::Absent => Vec::new(),
    };
    element(
        SEQUENCE,
        &[
            &element(CONTEXT_0, &[&hash]),
            &element(CONTEXT_1, &[&mask]),
            &element(CONTEXT_2, &[&element(INTEGER, &[&[salt]])]),
            &trailer,
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amds_two_encodings_differ_in_the_trailer_field_alone() {
        let (leaf, authority) = (
            SignatureAlgorithm::AMD_LEAF.encode(),
            SignatureAlgorithm::AMD_AUTHORITY.encode(),
        );
        assert_eq!((leaf.len(), authority.len()), (67, 72));
        assert_eq!(leaf[15..], authority[15..67]);
        assert_eq!(authority[67..], [0xa3, 3, 2, 1, 1]);
    }
}
