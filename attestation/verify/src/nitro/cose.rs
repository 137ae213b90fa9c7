//! The signed shell of a document: COSE_Sign1 (RFC 9052 4.2).

use ring::signature::{ECDSA_P384_SHA384_FIXED, UnparsedPublicKey};

use super::cbor::Reader;
use crate::{DocumentError, VerifyError};

/// Longest payload, in bytes.
pub const MAXIMUM_PAYLOAD: usize = 16 * 1024;
/// Longest whole document, in bytes.
pub const MAXIMUM_DOCUMENT: usize = MAXIMUM_PAYLOAD + 256;

const COSE_SIGN1: u64 = 18;
/// `{1: -35}` in the only form that shortest lengths leave.
const ES384: [u8; 4] = [0xa1, 0x01, 0x38, 0x22];
const SIGNATURE: usize = 96;

/// A COSE_Sign1 message (RFC 9052 4.2) whose headers say ES384 and nothing else.
pub(super) struct Message<'a> {
    pub(super) payload: &'a [u8],
    pub(super) signature: &'a [u8],
}

impl<'a> Message<'a> {
    pub(super) fn parse(document: &'a [u8]) -> Result<Self, DocumentError> {
        if document.len() > MAXIMUM_DOCUMENT {
            return Err(DocumentError::TooLong(document.len()));
        }
        let mut reader = Reader::new(document);
        if let Some(tag) = reader.tag_if_any()?.filter(|tag| *tag != COSE_SIGN1) {
            return Err(DocumentError::Tag(tag));
        }
        let elements = reader.array()?;
        if elements != 4 {
            return Err(DocumentError::Elements(elements));
        }
        let protected = reader.bytes()?;
        if protected != ES384 {
            return Err(DocumentError::ProtectedHeader(hex::encode(protected)));
        }
        let unprotected = reader.map()?;
        if unprotected != 0 {
            return Err(DocumentError::UnprotectedHeader(unprotected));
        }
        let payload = reader.bytes()?;
        if payload.len() > MAXIMUM_PAYLOAD {
            return Err(DocumentError::TooLong(payload.len()));
        }
        let signature = reader.bytes()?;
        if signature.len() != SIGNATURE {
            return Err(DocumentError::SignatureSize(signature.len()));
        }
        reader.finish()?;
        Ok(Self { payload, signature })
    }

    /// Whether the holder of `public_key` (P-384, uncompressed SEC1) signed this.
    ///
    /// Genuine documents carry high-S values about every other time, so either S is taken: the signature bytes are
    /// malleable, and nobody may key a replay cache by them.
    pub(super) fn verify(&self, public_key: &[u8]) -> Result<(), VerifyError> {
        UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, public_key)
            .verify(&self.to_be_signed(), self.signature)
            .map_err(|_| VerifyError::Signature)
    }

    /// `Sig_structure` (RFC 9052 4.4): `["Signature1", protected, h'', payload]`.
    fn to_be_signed(&self) -> Vec<u8> {
        let mut structure = Vec::with_capacity(self.payload.len().saturating_add(32));
        structure.extend_from_slice(b"\x84\x6aSignature1\x44");
        structure.extend_from_slice(&ES384);
        structure.push(0x40);
        let length = u16::try_from(self.payload.len()).unwrap_or(u16::MAX);
        match length {
            0..=23 => structure.push(0x40 | length.to_be_bytes()[1]),
            24..=0xff => structure.extend([0x58, length.to_be_bytes()[1]]),
            _ => {
                structure.push(0x59);
                structure.extend(length.to_be_bytes());
            }
        }
        structure.extend_from_slice(self.payload);
        structure
    }
}
