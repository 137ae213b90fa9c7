//! What an issuer signs.

use orv_evidence::UnixTime;
use ring::digest;

use super::algorithm::SignatureAlgorithm;
use super::der::{CONTEXT_0, CONTEXT_3, INTEGER, SEQUENCE, bit_string, element};
use super::extension::Extension;
use super::key::KeyPair;
use super::name::Name;
use super::{SimulatorError, calendar};

/// A `TBSCertificate` of version 3 but for its key, field by field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToBeSigned {
    /// Content octets of the serial number; AMD's VCEKs and VLEKs have `[0]`.
    pub serial_number: Vec<u8>,
    /// The algorithm that is declared.
    pub algorithm: SignatureAlgorithm,
    /// Who signs, by what it says.
    pub issuer: Name,
    /// First second of validity.
    pub not_before: UnixTime,
    /// Last second of validity.
    pub not_after: UnixTime,
    /// Whose key it is.
    pub subject: Name,
    /// Extensions, in this order.
    pub extensions: Vec<Extension>,
}

impl ToBeSigned {
    /// The DER `TBSCertificate` for `subject_key`.
    pub fn encode(&self, subject_key: &KeyPair) -> Vec<u8> {
        let validity = element(
            SEQUENCE,
            &[&calendar::time(self.not_before), &calendar::time(self.not_after)],
        );
        let extensions: Vec<u8> = self.extensions.iter().flat_map(Extension::encode).collect();
        element(
            SEQUENCE,
            &[
                &element(CONTEXT_0, &[&element(INTEGER, &[&[2]])]),
                &element(INTEGER, &[&self.serial_number]),
                &self.algorithm.encode(),
                &self.issuer.encode(),
                &validity,
                &self.subject.encode(),
                &subject_key.subject_public_key_info(),
                &element(CONTEXT_3, &[&element(SEQUENCE, &[&extensions])]),
            ],
        )
    }

    /// The DER certificate of `subject_key`, signed by `issuer_key`.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn sign(&self, subject_key: &KeyPair, issuer_key: &KeyPair) -> Result<Vec<u8>, SimulatorError> {
        signed(&self.encode(subject_key), self.algorithm, issuer_key)
    }
}

/// What is signed, the declared algorithm, the signature.
pub(crate) fn signed(
    to_be_signed: &[u8],
    algorithm: SignatureAlgorithm,
    key: &KeyPair,
) -> Result<Vec<u8>, SimulatorError> {
    let signature = bit_string(&key.sign_der(to_be_signed)?);
    Ok(element(SEQUENCE, &[to_be_signed, &algorithm.encode(), &signature]))
}

/// Sixteen positive bytes that follow from name and key: no randomness is spent on a number that carries no security.
pub fn serial_number(subject: &Name, key: &KeyPair) -> Vec<u8> {
    let mut hasher = digest::Context::new(&digest::SHA256);
    hasher.update(subject.common_name().as_bytes());
    hasher.update(key.public_key());
    let mut serial: Vec<u8> = hasher.finish().as_ref().iter().take(16).copied().collect();
    if let Some(first) = serial.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    serial
}
