//! The simulator's keys, and what they sign.

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _,
};

use crate::certificate::{Certificate, serial_number, signed};

/// Why the simulator could not make something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SimulatorError {
    /// The operating system gave no randomness, or a signature failed for want of it.
    #[error("no randomness for a P-384 key or signature")]
    Random,
    /// The bytes are not a PKCS#8 P-384 key.
    #[error("not a PKCS#8 P-384 key: {0}")]
    Key(String),
}

/// A P-384 key pair of the simulator.
#[derive(Clone)]
pub struct KeyPair {
    pkcs8: Vec<u8>,
    public_key: Vec<u8>,
}

impl KeyPair {
    /// A fresh key pair from the operating system's randomness.
    ///
    /// # Errors
    /// [`SimulatorError::Random`].
    pub fn generate() -> Result<Self, SimulatorError> {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, &SystemRandom::new())
            .map_err(|_| SimulatorError::Random)?;
        Self::from_pkcs8(pkcs8.as_ref())
    }

    /// The key pair inside a PKCS#8 document.
    ///
    /// # Errors
    /// [`SimulatorError::Key`].
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, SimulatorError> {
        let pair = open(&ECDSA_P384_SHA384_ASN1_SIGNING, pkcs8)?;
        Ok(Self {
            pkcs8: pkcs8.to_vec(),
            public_key: pair.public_key().as_ref().to_vec(),
        })
    }

    /// The PKCS#8 document. Nothing of the simulator is secret.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The public key, 97 bytes of uncompressed SEC1.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// ECDSA over SHA-384 as COSE has it: `r || s`, 96 bytes.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn sign_fixed(&self, message: &[u8]) -> Result<Vec<u8>, SimulatorError> {
        self.sign(&ECDSA_P384_SHA384_FIXED_SIGNING, message)
    }

    /// ECDSA over SHA-384 as X.509 has it: a DER sequence of two integers.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn sign_der(&self, message: &[u8]) -> Result<Vec<u8>, SimulatorError> {
        self.sign(&ECDSA_P384_SHA384_ASN1_SIGNING, message)
    }

    fn sign(&self, algorithm: &'static EcdsaSigningAlgorithm, message: &[u8]) -> Result<Vec<u8>, SimulatorError> {
        let pair = open(algorithm, &self.pkcs8)?;
        let signature = pair
            .sign(&SystemRandom::new(), message)
            .map_err(|_| SimulatorError::Random)?;
        Ok(signature.as_ref().to_vec())
    }
}

fn open(algorithm: &'static EcdsaSigningAlgorithm, pkcs8: &[u8]) -> Result<EcdsaKeyPair, SimulatorError> {
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, &SystemRandom::new())
        .map_err(|error| SimulatorError::Key(error.to_string()))
}

/// A certificate with its key: signs documents, or other certificates.
#[derive(Clone)]
pub struct Authority {
    /// The subject's common name, which is the issuer's name below it.
    pub name: String,
    /// The key.
    pub key: KeyPair,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
}

impl Authority {
    /// A self-signed root with this key.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn self_signed(contents: &Certificate, key: KeyPair) -> Result<Self, SimulatorError> {
        let to_be_signed = contents.to_be_signed(&contents.subject, key.public_key());
        let certificate = signed(&to_be_signed, &key.sign_der(&to_be_signed)?);
        Ok(Self {
            name: contents.subject.clone(),
            key,
            certificate,
        })
    }

    /// The serial number of this certificate.
    pub fn serial_number(&self) -> [u8; 16] {
        serial_number(&self.name, self.key.public_key())
    }

    /// A certificate with a fresh key, signed by this authority. Whether the contents make sense is the caller's
    /// affair: a test PKI must be able to issue nonsense.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn issue(&self, contents: &Certificate) -> Result<Self, SimulatorError> {
        let key = KeyPair::generate()?;
        let to_be_signed = contents.to_be_signed(&self.name, key.public_key());
        let certificate = signed(&to_be_signed, &self.key.sign_der(&to_be_signed)?);
        Ok(Self {
            name: contents.subject.clone(),
            key,
            certificate,
        })
    }
}
