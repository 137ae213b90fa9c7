//! A certificate with its key.

use super::key::KeyPair;
use super::name::Name;
use super::to_be_signed::ToBeSigned;

/// Why the simulator could not make something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SimulatorError {
    /// The operating system gave no randomness, or a signature failed for want of it.
    #[error("no randomness for a key or signature")]
    Random,
    /// The bytes are not a PKCS#8 key of the kind that was asked for.
    #[error("not a PKCS#8 key of this kind: {0}")]
    Key(String),
}

/// A certificate with its key: signs documents, or other certificates.
#[derive(Clone)]
pub struct Authority {
    /// The subject, which is the issuer below it.
    pub name: Name,
    /// The key.
    pub key: KeyPair,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// The certificate's serial number, content octets.
    pub serial_number: Vec<u8>,
}

impl Authority {
    /// A certificate of these contents for `key`, which signs itself.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn root(contents: &ToBeSigned, key: KeyPair) -> Result<Self, SimulatorError> {
        let certificate = contents.sign(&key, &key)?;
        Ok(Self::of(contents, key, certificate))
    }

    /// A certificate of these contents for `key`, signed by this authority. The issuer's name is the contents' own:
    /// whether it, or anything else in them, makes sense is the caller's affair.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn certify(&self, contents: &ToBeSigned, key: KeyPair) -> Result<Self, SimulatorError> {
        let certificate = contents.sign(&key, &self.key)?;
        Ok(Self::of(contents, key, certificate))
    }

    fn of(contents: &ToBeSigned, key: KeyPair, certificate: Vec<u8>) -> Self {
        Self {
            name: contents.subject.clone(),
            key,
            certificate,
            serial_number: contents.serial_number.clone(),
        }
    }

    /// The serial number of this certificate.
    pub fn serial_number(&self) -> Vec<u8> {
        self.serial_number.clone()
    }
}
