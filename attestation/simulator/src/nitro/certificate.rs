//! Certificates in the form of AWS's own.

use orv_evidence::UnixTime;

use crate::x509::{Authority, Extension, KeyPair, Name, SignatureAlgorithm, SimulatorError, ToBeSigned, serial_number};

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

/// The contents of a certificate of a Nitro document, before it is signed.
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
    /// These contents for `key` under `issuer`'s name.
    pub fn to_be_signed(&self, issuer: &Name, key: &KeyPair) -> ToBeSigned {
        let subject = Name::common(&self.subject);
        ToBeSigned {
            serial_number: serial_number(&subject, key),
            algorithm: SignatureAlgorithm::EcdsaSha384,
            issuer: issuer.clone(),
            not_before: self.not_before,
            not_after: self.not_after,
            subject,
            extensions: vec![self.role.constraints(), self.role.key_usage()],
        }
    }
}

impl Role {
    fn constraints(self) -> Extension {
        match self {
            Self::Authority { path_length } => Extension::authority(path_length),
            Self::AuthorityWithoutSigning => Extension::authority(None),
            Self::Leaf | Self::LeafWithoutSigning => Extension::no_authority(),
        }
    }

    fn key_usage(self) -> Extension {
        match self {
            Self::Authority { .. } => Extension::key_usage(0b1000_0110, 1),
            Self::Leaf => Extension::key_usage(0b1000_0000, 7),
            Self::AuthorityWithoutSigning => Extension::key_usage(0b1000_0010, 1),
            Self::LeafWithoutSigning => Extension::key_usage(0b0000_1000, 3),
        }
    }
}

impl Authority {
    /// A self-signed root of a Nitro chain with this key.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn self_signed(contents: &Certificate, key: KeyPair) -> Result<Self, SimulatorError> {
        let to_be_signed = contents.to_be_signed(&Name::common(&contents.subject), &key);
        Self::root(&to_be_signed, key)
    }

    /// A certificate of a Nitro chain with a fresh key, signed by this authority. Whether the contents make sense is
    /// the caller's affair: a test PKI must be able to issue nonsense.
    ///
    /// # Errors
    /// [`SimulatorError`] when the randomness fails.
    pub fn issue(&self, contents: &Certificate) -> Result<Self, SimulatorError> {
        let key = KeyPair::generate()?;
        let to_be_signed = contents.to_be_signed(&self.name, &key);
        self.certify(&to_be_signed, key)
    }
}
