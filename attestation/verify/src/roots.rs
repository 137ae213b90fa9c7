//! The pinned roots, and the simulator where somebody asked for it.

use orv_evidence::Platform;
use ring::digest::{SHA256, digest};
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// AWS's public root certificate for Nitro Enclaves, first generation, DER.
const AWS_NITRO_ROOT_G1: &[u8] = include_bytes!("roots/aws_nitro_root_g1.der");

/// SHA-256 of AWS's Nitro Enclaves root certificate G1 (DER), as AWS publishes it.
pub const AWS_NITRO_ROOT_G1_SHA256: [u8; 32] = [
    0x64, 0x1a, 0x03, 0x21, 0xa3, 0xe2, 0x44, 0xef, 0xe4, 0x56, 0x46, 0x31, 0x95, 0xd6, 0x06, 0x31, 0x7e, 0xd7, 0xcd,
    0xcc, 0x3c, 0x17, 0x56, 0xe0, 0x98, 0x93, 0xf3, 0xc6, 0x8f, 0x79, 0xbb, 0x5b,
];

/// The roots under which evidence can be authentic: the vendors' pinned ones, and the simulator's only where a caller
/// hands it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    simulator: Option<Vec<u8>>,
}

/// Bytes that cannot be a root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    /// Not a DER certificate.
    #[error("the simulator's root is not a certificate: {0}")]
    Malformed(String),
    /// A vendor's root offered as the simulator's.
    #[error("a pinned vendor root cannot stand for the simulator")]
    VendorRoot,
}

impl Roots {
    /// The pinned vendor roots alone: nothing simulated is authentic.
    pub const fn production() -> Self {
        Self { simulator: None }
    }

    /// The pinned vendor roots, and `certificate` (DER) for the simulated platforms. For development and tests; what is
    /// authentic under it proves nothing about hardware.
    ///
    /// # Errors
    /// [`RootError`] when the bytes are no certificate, or a vendor's.
    pub fn with_simulator(certificate: &[u8]) -> Result<Self, RootError> {
        if certificate == AWS_NITRO_ROOT_G1 {
            return Err(RootError::VendorRoot);
        }
        Certificate::from_der(certificate).map_err(|error| RootError::Malformed(error.to_string()))?;
        Ok(Self {
            simulator: Some(certificate.to_vec()),
        })
    }

    /// The root that a Nitro document of `platform` must begin with.
    pub(crate) fn nitro_root(&self, platform: Platform) -> Option<&[u8]> {
        match platform {
            Platform::Nitro => Some(AWS_NITRO_ROOT_G1),
            Platform::SimNitro => self.simulator.as_deref(),
            Platform::Tdx | Platform::Snp | Platform::SimTdx | Platform::SimSnp => None,
        }
    }
}

/// The fingerprint of a certificate, for messages.
pub(crate) fn fingerprint(certificate: &[u8]) -> String {
    hex::encode(digest(&SHA256, certificate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_aws_root_has_the_published_fingerprint() {
        assert_eq!(digest(&SHA256, AWS_NITRO_ROOT_G1).as_ref(), AWS_NITRO_ROOT_G1_SHA256);
    }

    #[test]
    fn no_simulated_platform_has_a_root_in_production() {
        for platform in Platform::ALL.into_iter().filter(|platform| platform.is_simulated()) {
            assert_eq!(Roots::production().nitro_root(platform), None);
        }
    }

    #[test]
    fn the_simulators_root_can_be_neither_nonsense_nor_a_vendors() {
        assert!(matches!(
            Roots::with_simulator(b"nonsense"),
            Err(RootError::Malformed(_))
        ));
        assert_eq!(Roots::with_simulator(AWS_NITRO_ROOT_G1), Err(RootError::VendorRoot));
    }
}
