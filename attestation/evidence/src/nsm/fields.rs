//! The three fields of an attestation document that the enclave fills.

use std::fmt;

use super::NsmError;
use crate::{Binding, subject_public_key_info};

/// Longest field, in bytes (the attestation document's specification, "Attestation document specification").
pub const MAXIMUM_FIELD: usize = 1024;

/// Names one of the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentField {
    /// `user_data`.
    UserData,
    /// `nonce`.
    Nonce,
    /// `public_key`.
    PublicKey,
}

impl fmt::Display for DocumentField {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::UserData => "user_data",
            Self::Nonce => "nonce",
            Self::PublicKey => "public_key",
        })
    }
}

/// What the enclave asks the module to sign: three fields, each at most [`MAXIMUM_FIELD`] bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentFields {
    user_data: Vec<u8>,
    nonce: Vec<u8>,
    public_key: Vec<u8>,
}

impl DocumentFields {
    /// The fields, if each is within its bound.
    ///
    /// # Errors
    /// [`NsmError::FieldTooLong`] with the first one that is not.
    pub fn new(user_data: Vec<u8>, nonce: Vec<u8>, public_key: Vec<u8>) -> Result<Self, NsmError> {
        for (field, bytes) in [
            (DocumentField::UserData, &user_data),
            (DocumentField::Nonce, &nonce),
            (DocumentField::PublicKey, &public_key),
        ] {
            if bytes.len() > MAXIMUM_FIELD {
                return Err(NsmError::FieldTooLong {
                    field,
                    length: bytes.len(),
                });
            }
        }
        Ok(Self {
            user_data,
            nonce,
            public_key,
        })
    }

    /// DESIGN 5.4 on Nitro: `nonce` is the challenge, `public_key` the key's `SubjectPublicKeyInfo`, `user_data` the
    /// binding's digest.
    ///
    /// # Errors
    /// None that a [`Binding`] can cause: its three parts have fixed sizes.
    pub fn bound_to(binding: &Binding) -> Result<Self, NsmError> {
        Self::new(
            binding.digest().to_vec(),
            binding.challenge.to_vec(),
            subject_public_key_info(&binding.public_key).to_vec(),
        )
    }

    /// Bytes of the enclave's choice.
    pub fn user_data(&self) -> &[u8] {
        &self.user_data
    }

    /// What the verifier chose, to know that the document is fresh.
    pub fn nonce(&self) -> &[u8] {
        &self.nonce
    }

    /// The key that the document speaks of, DER.
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }
}
