//! The pinned roots, and the simulator where somebody asked for it.

mod amd;

pub use amd::AMD_CERTIFICATES_SHA256;

pub(crate) use amd::AmdRoot;

use orv_evidence::Platform;
use ring::digest::{SHA256, digest};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

/// AWS's public root certificate for Nitro Enclaves, first generation, DER.
const AWS_NITRO_ROOT_G1: &[u8] = include_bytes!("roots/aws_nitro_root_g1.der");

/// SHA-256 of AWS's Nitro Enclaves root certificate G1 (DER), as AWS publishes it.
pub const AWS_NITRO_ROOT_G1_SHA256: [u8; 32] = [
    0x64, 0x1a, 0x03, 0x21, 0xa3, 0xe2, 0x44, 0xef, 0xe4, 0x56, 0x46, 0x31, 0x95, 0xd6, 0x06, 0x31, 0x7e, 0xd7, 0xcd,
    0xcc, 0x3c, 0x17, 0x56, 0xe0, 0x98, 0x93, 0xf3, 0xc6, 0x8f, 0x79, 0xbb, 0x5b,
];

/// Intel's public root certificate for SGX and TDX, DER.
const INTEL_SGX_ROOT_CA: &[u8] = include_bytes!("roots/intel_sgx_root_ca.der");

/// SHA-256 of Intel's SGX root certificate (DER), as Intel publishes it.
pub const INTEL_SGX_ROOT_CA_SHA256: [u8; 32] = [
    0x44, 0xa0, 0x19, 0x6b, 0x2b, 0x99, 0xf8, 0x89, 0xb8, 0xe1, 0x49, 0xe9, 0x5b, 0x80, 0x7a, 0x35, 0x0e, 0x74, 0x24,
    0x96, 0x43, 0x99, 0xe8, 0x85, 0xa7, 0xcb, 0xb8, 0xcc, 0xfa, 0xb6, 0x74, 0xd3,
];

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// The roots under which evidence can be authentic: the vendors' pinned ones, and the simulator's only where a caller
/// hands them in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    simulated: Vec<Simulated>,
}

/// A root of the simulator's and the platform that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Simulated {
    platform: Platform,
    certificate: Vec<u8>,
}

/// Bytes that cannot be a root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    /// Not a DER certificate.
    #[error("the simulator's root is not a certificate: {0}")]
    Malformed(String),
    /// A vendor's key offered as the simulator's, in whatever certificate: real evidence would pass as simulated.
    #[error("a vendor's key cannot stand for the simulator")]
    VendorRoot,
    /// A key of a kind that no vendor's root has.
    #[error("the simulator's root has no key that a vendor's root could have")]
    Key,
}

impl Roots {
    /// The pinned vendor roots alone: nothing simulated is authentic.
    pub const fn production() -> Self {
        Self { simulated: Vec::new() }
    }

    /// The pinned vendor roots, and `certificate` (DER) for a simulated platform. For development and tests; what is
    /// authentic under it proves nothing about hardware.
    ///
    /// # Errors
    /// [`RootError`] when the bytes are no certificate, or a vendor's.
    pub fn with_simulator(certificate: &[u8]) -> Result<Self, RootError> {
        Self::production().and_simulator(certificate)
    }

    /// These roots and one more of the simulator's. The kind of its key says the platform, as the vendors' roots have
    /// them: P-384 for Nitro, P-256 for TDX, RSA for SNP.
    ///
    /// # Errors
    /// [`RootError`] when the bytes are no certificate, a vendor's, or of another kind of key.
    pub fn and_simulator(mut self, certificate: &[u8]) -> Result<Self, RootError> {
        let parsed = Certificate::from_der(certificate).map_err(|error| RootError::Malformed(error.to_string()))?;
        let key = &parsed.tbs_certificate.subject_public_key_info;
        if is_vendors(key) {
            return Err(RootError::VendorRoot);
        }
        let algorithm = &key.algorithm;
        let curve = algorithm.parameters.as_ref().and_then(|any| any.decode_as().ok());
        let platform = match (algorithm.oid, curve) {
            (_, Some(SECP384R1)) => Platform::SimNitro,
            (_, Some(SECP256R1)) => Platform::SimTdx,
            (RSA_ENCRYPTION, _) => Platform::SimSnp,
            _ => return Err(RootError::Key),
        };
        self.simulated.push(Simulated {
            platform,
            certificate: certificate.to_vec(),
        });
        Ok(self)
    }

    /// The simulator's roots for this platform, in the order given.
    pub(crate) fn simulated(&self, platform: Platform) -> impl Iterator<Item = &[u8]> {
        let own = self.simulated.iter().filter(move |root| root.platform == platform);
        own.map(|root| root.certificate.as_slice())
    }

    /// Whether there is any root for this platform.
    pub(crate) fn trusts(&self, platform: Platform) -> bool {
        !platform.is_simulated() || self.simulated(platform).next().is_some()
    }

    /// AMD's certificates of this product, as reports of `platform` must lead to them.
    pub(crate) fn amd_root(&self, platform: Platform, product: crate::snp::Product) -> Option<AmdRoot<'_>> {
        match platform {
            Platform::Snp => Some(AmdRoot::published(product)),
            Platform::SimSnp => {
                let own = self.simulated(platform).find(|root| AmdRoot::is_for(root, product));
                own.map(AmdRoot::alone)
            }
            Platform::Nitro | Platform::Tdx | Platform::SimNitro | Platform::SimTdx => None,
        }
    }

    /// The root that a quote of `platform` must lead to.
    pub(crate) fn intel_root(&self, platform: Platform) -> Option<&[u8]> {
        match platform {
            Platform::Tdx => Some(INTEL_SGX_ROOT_CA),
            Platform::SimTdx => self.simulated(platform).next(),
            Platform::Nitro | Platform::Snp | Platform::SimNitro | Platform::SimSnp => None,
        }
    }

    /// The root that a Nitro document of `platform` must begin with.
    pub(crate) fn nitro_root(&self, platform: Platform) -> Option<&[u8]> {
        match platform {
            Platform::Nitro => Some(AWS_NITRO_ROOT_G1),
            Platform::SimNitro => self.simulated(platform).next(),
            Platform::Tdx | Platform::Snp | Platform::SimTdx | Platform::SimSnp => None,
        }
    }
}

/// Whether the key is in one of the vendors' certificates that are built in.
fn is_vendors(key: &SubjectPublicKeyInfoOwned) -> bool {
    let built_in = [AWS_NITRO_ROOT_G1, INTEL_SGX_ROOT_CA]
        .into_iter()
        .chain(AmdRoot::all_published());
    let mut parsed = built_in.filter_map(|vendors| Certificate::from_der(vendors).ok());
    parsed.any(|vendors| vendors.tbs_certificate.subject_public_key_info == *key)
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
    fn the_embedded_intel_root_has_the_published_fingerprint() {
        assert_eq!(digest(&SHA256, INTEL_SGX_ROOT_CA).as_ref(), INTEL_SGX_ROOT_CA_SHA256);
    }

    #[test]
    fn no_simulated_platform_has_a_root_in_production() {
        for platform in Platform::ALL.into_iter().filter(|platform| platform.is_simulated()) {
            assert_eq!(Roots::production().nitro_root(platform), None);
            assert_eq!(Roots::production().intel_root(platform), None);
        }
    }

    #[test]
    fn the_simulators_root_can_be_neither_nonsense_nor_a_vendors() {
        assert!(matches!(
            Roots::with_simulator(b"nonsense"),
            Err(RootError::Malformed(_))
        ));
        assert_eq!(Roots::with_simulator(AWS_NITRO_ROOT_G1), Err(RootError::VendorRoot));
        assert_eq!(Roots::with_simulator(INTEL_SGX_ROOT_CA), Err(RootError::VendorRoot));
        assert_eq!(
            Roots::with_simulator(AmdRoot::published(crate::snp::Product::Turin).root),
            Err(RootError::VendorRoot)
        );
    }

    #[test]
    fn no_key_of_a_vendors_can_be_the_simulators_in_another_certificate() {
        let authorities = AmdRoot::published(crate::snp::Product::Milan).authorities.unwrap();
        for certificate in [AWS_NITRO_ROOT_G1, INTEL_SGX_ROOT_CA].into_iter().chain(authorities) {
            // Nobody looks at the signature of a root.
            let mut other = certificate.to_vec();
            *other.last_mut().unwrap() ^= 1;
            assert_eq!(Roots::with_simulator(&other), Err(RootError::VendorRoot));
        }
    }
}
