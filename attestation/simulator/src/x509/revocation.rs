//! Certificate revocation lists (RFC 5280 5).

use orv_evidence::UnixTime;

use super::algorithm::SignatureAlgorithm;
use super::authority::{Authority, SimulatorError};
use super::calendar;
use super::der::{CONTEXT_0, INTEGER, SEQUENCE, element};
use super::extension::Extension;
use super::key::KeyPair;
use super::name::Name;
use super::to_be_signed::signed;

const CRL_NUMBER: [u8; 3] = [0x55, 0x1d, 0x14];

/// The contents of a certificate revocation list, before it is signed.
#[derive(Debug, Clone)]
pub struct RevocationList {
    /// When it was issued.
    pub this_update: UnixTime,
    /// When the next one is due.
    pub next_update: UnixTime,
    /// Serial numbers of what is revoked, see [`Authority::serial_number`].
    pub serial_numbers: Vec<Revoked>,
}

/// The content octets of a revoked serial number.
pub type Revoked = Vec<u8>;

impl Authority {
    /// The list as this authority's, DER.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn publish(&self, list: &RevocationList) -> Result<Vec<u8>, SimulatorError> {
        self.publish_as(list, &self.name, self.key.algorithm())
    }

    /// The list signed by this authority under any issuer's name and any declared algorithm.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn publish_as(
        &self,
        list: &RevocationList,
        issuer: &Name,
        algorithm: SignatureAlgorithm,
    ) -> Result<Vec<u8>, SimulatorError> {
        signed(&list.to_be_signed(issuer, algorithm, &self.key), algorithm, &self.key)
    }
}

impl RevocationList {
    fn to_be_signed(&self, issuer: &Name, algorithm: SignatureAlgorithm, key: &KeyPair) -> Vec<u8> {
        let this_update = calendar::time(self.this_update);
        let revoked: Vec<u8> = self
            .serial_numbers
            .iter()
            .flat_map(|serial| element(SEQUENCE, &[&element(INTEGER, &[serial]), &this_update]))
            .collect();
        // The list of revoked certificates must be absent when it is empty.
        let revoked = if revoked.is_empty() {
            Vec::new()
        } else {
            element(SEQUENCE, &[&revoked])
        };
        let number = Extension::optional(&CRL_NUMBER, element(INTEGER, &[&[1]])).encode();
        let signer = Extension::authority_key(&key.identifier()).encode();
        element(
            SEQUENCE,
            &[
                &element(INTEGER, &[&[1]]),
                &algorithm.encode(),
                &issuer.encode(),
                &this_update,
                &calendar::time(self.next_update),
                &revoked,
                &element(CONTEXT_0, &[&element(SEQUENCE, &[&number, &signer])]),
            ],
        )
    }
}
