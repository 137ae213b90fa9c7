//! Certificate revocation lists (RFC 5280 5).

use orv_evidence::UnixTime;

use crate::authority::{Authority, SimulatorError};
use crate::calendar;
use crate::certificate::{name, optional, signature_algorithm, signed};
use crate::der::{CONTEXT_0, INTEGER, SEQUENCE, element};

const CRL_NUMBER: [u8; 3] = [0x55, 0x1d, 0x14];

/// The contents of a certificate revocation list (RFC 5280 5), before it is signed.
#[derive(Debug, Clone)]
pub struct RevocationList {
    /// When it was issued.
    pub this_update: UnixTime,
    /// When the next one is due.
    pub next_update: UnixTime,
    /// Serial numbers of what is revoked, see [`Authority::serial_number`].
    pub serial_numbers: Vec<[u8; 16]>,
}

impl Authority {
    /// The list as this authority's, DER.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn publish(&self, list: &RevocationList) -> Result<Vec<u8>, SimulatorError> {
        let to_be_signed = list.to_be_signed(&self.name);
        Ok(signed(&to_be_signed, &self.key.sign_der(&to_be_signed)?))
    }
}

impl RevocationList {
    fn to_be_signed(&self, issuer: &str) -> Vec<u8> {
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
        let number = optional(&CRL_NUMBER, &element(INTEGER, &[&[1]]));
        element(
            SEQUENCE,
            &[
                &element(INTEGER, &[&[1]]),
                &signature_algorithm(),
                &name(issuer),
                &this_update,
                &calendar::time(self.next_update),
                &revoked,
                &element(CONTEXT_0, &[&element(SEQUENCE, &[&number])]),
            ],
        )
    }
}
