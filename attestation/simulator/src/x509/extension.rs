//! Certificate extensions.

use super::der::{
    BIT_STRING, CONTEXT_0, CONTEXT_PRIMITIVE_0, CONTEXT_PRIMITIVE_6, INTEGER, OCTET_STRING, SEQUENCE, TRUE, element,
    identifier,
};

/// The content octets of the object identifiers of RFC 5280 4.2.
const SUBJECT_KEY_IDENTIFIER: [u8; 3] = [0x55, 0x1d, 0x0e];
const KEY_USAGE: [u8; 3] = [0x55, 0x1d, 0x0f];
const BASIC_CONSTRAINTS: [u8; 3] = [0x55, 0x1d, 0x13];
const CRL_DISTRIBUTION_POINTS: [u8; 3] = [0x55, 0x1d, 0x1f];
const AUTHORITY_KEY_IDENTIFIER: [u8; 3] = [0x55, 0x1d, 0x23];

/// Whether a reader that does not know an extension must refuse the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criticality {
    /// It must.
    Critical,
    /// It may go on.
    Optional,
}

/// One extension, of a certificate or of a revocation list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// The object identifier's content octets (X.690 8.19).
    pub identifier: Vec<u8>,
    /// What a reader that does not know it does.
    pub criticality: Criticality,
    /// The octets inside the `OCTET STRING`.
    pub value: Vec<u8>,
}

impl Extension {
    /// An extension that a reader may ignore.
    pub fn optional(identifier: &[u8], value: Vec<u8>) -> Self {
        Self {
            identifier: identifier.to_vec(),
            criticality: Criticality::Optional,
            value,
        }
    }

    /// An extension that a reader must know.
    pub fn critical(identifier: &[u8], value: Vec<u8>) -> Self {
        Self {
            identifier: identifier.to_vec(),
            criticality: Criticality::Critical,
            value,
        }
    }

    /// basicConstraints of an authority, with its `pathLenConstraint` if it has one.
    pub fn authority(path_length: Option<u8>) -> Self {
        let length = path_length.map_or_else(Vec::new, |length| element(INTEGER, &[&[length]]));
        Self::critical(&BASIC_CONSTRAINTS, element(SEQUENCE, &[&TRUE, &length]))
    }

    /// basicConstraints of what is no authority.
    pub fn no_authority() -> Self {
        Self::critical(&BASIC_CONSTRAINTS, element(SEQUENCE, &[]))
    }

    /// keyUsage: the bits of RFC 5280 4.2.1.3 from the left (digitalSignature is bit 0, keyAgreement bit 4, keyCertSign
    /// bit 5, cRLSign bit 6), and how many at the right are unused.
    pub fn key_usage(bits: u8, unused: u8) -> Self {
        Self::critical(&KEY_USAGE, element(BIT_STRING, &[&[unused, bits]]))
    }

    /// keyUsage of an authority that signs certificates and lists.
    pub fn signs_certificates_and_lists() -> Self {
        Self::key_usage(0b0000_0110, 1)
    }

    /// subjectKeyIdentifier.
    pub fn subject_key(key: &[u8]) -> Self {
        Self::optional(&SUBJECT_KEY_IDENTIFIER, element(OCTET_STRING, &[key]))
    }

    /// authorityKeyIdentifier.
    pub fn authority_key(key: &[u8]) -> Self {
        let identifier = element(CONTEXT_PRIMITIVE_0, &[key]);
        Self::optional(&AUTHORITY_KEY_IDENTIFIER, element(SEQUENCE, &[&identifier]))
    }

    /// cRLDistributionPoints with one address.
    pub fn revocation_list_at(address: &str) -> Self {
        let address = element(CONTEXT_PRIMITIVE_6, &[address.as_bytes()]);
        let full_name = element(CONTEXT_0, &[&address]);
        let point = element(SEQUENCE, &[&element(CONTEXT_0, &[&full_name])]);
        Self::optional(&CRL_DISTRIBUTION_POINTS, element(SEQUENCE, &[&point]))
    }

    /// The DER `Extension`.
    pub fn encode(&self) -> Vec<u8> {
        let critical: &[u8] = match self.criticality {
            Criticality::Critical => &TRUE,
            Criticality::Optional => &[],
        };
        element(
            SEQUENCE,
            &[
                &identifier(&self.identifier),
                critical,
                &element(OCTET_STRING, &[&self.value]),
            ],
        )
    }
}
