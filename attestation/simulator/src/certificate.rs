//! X.509 certificates in the form of the vendor's own (RFC 5280).

use orv_evidence::UnixTime;
use ring::digest;

use crate::calendar;
use crate::der::{
    CONTEXT_0, CONTEXT_3, INTEGER, OCTET_STRING, SEQUENCE, SET, TRUE, UTF8_STRING, bit_string, element, identifier,
};

const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
const BASIC_CONSTRAINTS: [u8; 3] = [0x55, 0x1d, 0x13];
const KEY_USAGE: [u8; 3] = [0x55, 0x1d, 0x0f];
const EC_PUBLIC_KEY: [u8; 7] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const SECP384R1: [u8; 5] = [0x2b, 0x81, 0x04, 0x00, 0x22];
const ECDSA_WITH_SHA384: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];

/// What a certificate allows its key to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Signs other certificates; at most this many authorities may stand below it, if said.
    Authority {
        /// `pathLenConstraint` of basicConstraints.
        path_length: Option<u8>,
    },
    /// Signs documents.
    Leaf,
    /// An authority by basicConstraints whose key usage lacks certificate signing: a malformed one, for tests.
    AuthorityWithoutSigning,
    /// A leaf whose key usage lacks signing: a malformed one, for tests.
    LeafWithoutSigning,
}

/// The contents of an X.509 certificate of the simulator, before it is signed.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The subject's common name.
    pub subject: String,
    /// First second of validity.
    pub not_before: UnixTime,
    /// Last second of validity.
    pub not_after: UnixTime,
    /// What the key may do.
    pub role: Role,
}

impl Certificate {
    /// The DER `TBSCertificate` for a P-384 `public_key` (uncompressed SEC1) under `issuer`'s name.
    pub(crate) fn to_be_signed(&self, issuer: &str, public_key: &[u8]) -> Vec<u8> {
        let serial = serial_number(&self.subject, public_key);
        let validity = element(
            SEQUENCE,
            &[&calendar::time(self.not_before), &calendar::time(self.not_after)],
        );
        element(
            SEQUENCE,
            &[
                &element(CONTEXT_0, &[&element(INTEGER, &[&[2]])]),
                &element(INTEGER, &[&serial]),
                &signature_algorithm(),
                &name(issuer),
                &validity,
                &name(&self.subject),
                &subject_public_key_info(public_key),
                &element(
                    CONTEXT_3,
                    &[&element(SEQUENCE, &[&self.constraints(), &self.key_usage()])],
                ),
            ],
        )
    }

    fn constraints(&self) -> Vec<u8> {
        let constraints = match self.role {
            Role::Authority {
                path_length: Some(length),
            } => element(SEQUENCE, &[&TRUE, &element(INTEGER, &[&[length]])]),
            Role::Authority { path_length: None } | Role::AuthorityWithoutSigning => element(SEQUENCE, &[&TRUE]),
            Role::Leaf | Role::LeafWithoutSigning => element(SEQUENCE, &[]),
        };
        critical(&BASIC_CONSTRAINTS, &constraints)
    }

    /// RFC 5280 4.2.1.3: digitalSignature is bit 0, keyAgreement bit 4, keyCertSign bit 5, cRLSign bit 6.
    fn key_usage(&self) -> Vec<u8> {
        let [unused, bits]: [u8; 2] = match self.role {
            Role::Authority { .. } => [1, 0b1000_0110],
            Role::Leaf => [7, 0b1000_0000],
            Role::AuthorityWithoutSigning => [1, 0b1000_0010],
            Role::LeafWithoutSigning => [3, 0b0000_1000],
        };
        critical(&KEY_USAGE, &element(0x03, &[&[unused, bits]]))
    }
}

/// The signed certificate: its contents, the algorithm, the DER signature.
pub(crate) fn signed(to_be_signed: &[u8], signature: &[u8]) -> Vec<u8> {
    element(
        SEQUENCE,
        &[to_be_signed, &signature_algorithm(), &bit_string(signature)],
    )
}

/// An extension that a reader may ignore.
pub(crate) fn optional(extension: &[u8], value: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[&identifier(extension), &element(OCTET_STRING, &[value])])
}

fn critical(extension: &[u8], value: &[u8]) -> Vec<u8> {
    element(
        SEQUENCE,
        &[&identifier(extension), &TRUE, &element(OCTET_STRING, &[value])],
    )
}

pub(crate) fn signature_algorithm() -> Vec<u8> {
    element(SEQUENCE, &[&identifier(&ECDSA_WITH_SHA384)])
}

pub(crate) fn name(common_name: &str) -> Vec<u8> {
    let attribute = element(
        SEQUENCE,
        &[
            &identifier(&COMMON_NAME),
            &element(UTF8_STRING, &[common_name.as_bytes()]),
        ],
    );
    element(SEQUENCE, &[&element(SET, &[&attribute])])
}

fn subject_public_key_info(public_key: &[u8]) -> Vec<u8> {
    let algorithm = element(SEQUENCE, &[&identifier(&EC_PUBLIC_KEY), &identifier(&SECP384R1)]);
    element(SEQUENCE, &[&algorithm, &bit_string(public_key)])
}

/// Sixteen positive bytes that follow from name and key: no randomness is spent on a number that carries no security.
pub(crate) fn serial_number(subject: &str, public_key: &[u8]) -> [u8; 16] {
    let mut hasher = digest::Context::new(&digest::SHA256);
    hasher.update(subject.as_bytes());
    hasher.update(public_key);
    let mut serial = [0; 16];
    serial
        .iter_mut()
        .zip(hasher.finish().as_ref())
        .for_each(|(target, byte)| *target = *byte);
    let [first, ..] = &mut serial;
    *first = (*first & 0x7f) | 0x40;
    serial
}
