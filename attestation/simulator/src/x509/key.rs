//! The simulator's keys, and what they sign.

use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _, RSA_PSS_SHA384, RsaKeyPair,
};

use super::SimulatorError;
use super::algorithm::SignatureAlgorithm;
use super::der::{NULL, SEQUENCE, bit_string, element, identifier};

const EC_PUBLIC_KEY: [u8; 7] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const PRIME256V1: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const SECP384R1: [u8; 5] = [0x2b, 0x81, 0x04, 0x00, 0x22];
const RSA_ENCRYPTION: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// What kind of key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Intel's: ECDSA over P-256 with SHA-256.
    P256,
    /// AWS's, and AMD's for reports: ECDSA over P-384 with SHA-384.
    P384,
    /// AMD's for certificates: RSASSA-PSS with SHA-384. `ring` cannot generate one.
    Rsa,
}

/// A key pair of the simulator.
#[derive(Clone)]
pub struct KeyPair {
    kind: KeyKind,
    pkcs8: Vec<u8>,
    public_key: Vec<u8>,
}

impl KeyPair {
    /// A fresh P-384 key pair from the operating system's randomness.
    ///
    /// # Errors
    /// [`SimulatorError::Random`].
    pub fn generate() -> Result<Self, SimulatorError> {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, &SystemRandom::new())
            .map_err(|_| SimulatorError::Random)?;
        Self::open(KeyKind::P384, pkcs8.as_ref())
    }

    /// A fresh P-256 key pair from the operating system's randomness.
    ///
    /// # Errors
    /// [`SimulatorError::Random`].
    pub fn generate_p256() -> Result<Self, SimulatorError> {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new())
            .map_err(|_| SimulatorError::Random)?;
        Self::open(KeyKind::P256, pkcs8.as_ref())
    }

    /// The P-384 key pair inside a PKCS#8 document.
    ///
    /// # Errors
    /// [`SimulatorError::Key`].
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, SimulatorError> {
        Self::open(KeyKind::P384, pkcs8)
    }

    /// The key pair of this kind inside a PKCS#8 document.
    ///
    /// # Errors
    /// [`SimulatorError::Key`].
    pub fn open(kind: KeyKind, pkcs8: &[u8]) -> Result<Self, SimulatorError> {
        let public_key = match kind {
            KeyKind::P256 => elliptic(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8)?
                .public_key()
                .as_ref()
                .to_vec(),
            KeyKind::P384 => elliptic(&ECDSA_P384_SHA384_ASN1_SIGNING, pkcs8)?
                .public_key()
                .as_ref()
                .to_vec(),
            KeyKind::Rsa => rsa(pkcs8)?.public_key().as_ref().to_vec(),
        };
        Ok(Self {
            kind,
            pkcs8: pkcs8.to_vec(),
            public_key,
        })
    }

    /// What kind of key it is.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The PKCS#8 document. Nothing of the simulator is secret.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The public key: uncompressed SEC1 (65 or 97 bytes), or a PKCS#1 `RSAPublicKey` in DER.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// The DER `SubjectPublicKeyInfo` (RFC 5480, RFC 4055).
    pub fn subject_public_key_info(&self) -> Vec<u8> {
        let algorithm = match self.kind {
            KeyKind::P256 => element(SEQUENCE, &[&identifier(&EC_PUBLIC_KEY), &identifier(&PRIME256V1)]),
            KeyKind::P384 => element(SEQUENCE, &[&identifier(&EC_PUBLIC_KEY), &identifier(&SECP384R1)]),
            KeyKind::Rsa => element(SEQUENCE, &[&identifier(&RSA_ENCRYPTION), &NULL]),
        };
        element(SEQUENCE, &[&algorithm, &bit_string(&self.public_key)])
    }

    /// The usual key identifier (RFC 5280 4.2.1.2, method 1, with twenty bytes of SHA-256 for SHA-1).
    pub fn identifier(&self) -> Vec<u8> {
        let hash = digest(&SHA256, &self.public_key);
        hash.as_ref().iter().take(20).copied().collect()
    }

    /// The algorithm that this key signs certificates and lists with.
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        match self.kind {
            KeyKind::P256 => SignatureAlgorithm::EcdsaSha256,
            KeyKind::P384 => SignatureAlgorithm::EcdsaSha384,
            KeyKind::Rsa => SignatureAlgorithm::AMD_AUTHORITY,
        }
    }

    /// A signature of fixed length: `r || s` big-endian as COSE and TDX have it (64 or 96 bytes), or RSA's one form.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn sign_fixed(&self, message: &[u8]) -> Result<Vec<u8>, SimulatorError> {
        match self.kind {
            KeyKind::P256 => self.sign_elliptic(&ECDSA_P256_SHA256_FIXED_SIGNING, message),
            KeyKind::P384 => self.sign_elliptic(&ECDSA_P384_SHA384_FIXED_SIGNING, message),
            KeyKind::Rsa => self.sign_rsa(message),
        }
    }

    /// A signature as X.509 has it: a DER sequence of two integers, or RSA's one form.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn sign_der(&self, message: &[u8]) -> Result<Vec<u8>, SimulatorError> {
        match self.kind {
            KeyKind::P256 => self.sign_elliptic(&ECDSA_P256_SHA256_ASN1_SIGNING, message),
            KeyKind::P384 => self.sign_elliptic(&ECDSA_P384_SHA384_ASN1_SIGNING, message),
            KeyKind::Rsa => self.sign_rsa(message),
        }
    }

    fn sign_elliptic(
        &self,
        algorithm: &'static EcdsaSigningAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, SimulatorError> {
        let signature = elliptic(algorithm, &self.pkcs8)?
            .sign(&SystemRandom::new(), message)
            .map_err(|_| SimulatorError::Random)?;
        Ok(signature.as_ref().to_vec())
    }

    fn sign_rsa(&self, message: &[u8]) -> Result<Vec<u8>, SimulatorError> {
        let pair = rsa(&self.pkcs8)?;
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(&RSA_PSS_SHA384, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| SimulatorError::Random)?;
        Ok(signature)
    }
}

fn elliptic(algorithm: &'static EcdsaSigningAlgorithm, pkcs8: &[u8]) -> Result<EcdsaKeyPair, SimulatorError> {
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, &SystemRandom::new())
        .map_err(|error| SimulatorError::Key(error.to_string()))
}

fn rsa(pkcs8: &[u8]) -> Result<RsaKeyPair, SimulatorError> {
    RsaKeyPair::from_pkcs8(pkcs8).map_err(|error| SimulatorError::Key(error.to_string()))
}
