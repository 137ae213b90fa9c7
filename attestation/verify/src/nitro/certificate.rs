//! What is read of one certificate beside path validation.

use orv_evidence::UnixTime;
use x509_cert::Certificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, NameConstraints};
use x509_cert::time::Time;

use crate::{ChainError, Validity};

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// What path validation does not look at, or does not give out: names, span, usage and key of one certificate.
pub(super) struct Summary {
    pub(super) subject: Vec<u8>,
    pub(super) issuer: Vec<u8>,
    pub(super) validity: Validity,
    pub(super) usage: Option<KeyUsage>,
    pub(super) is_authority: bool,
    /// It limits the names of what stands below it, at any depth.
    pub(super) constrains_names: bool,
    /// P-384, uncompressed SEC1.
    pub(super) public_key: Vec<u8>,
}

impl Summary {
    /// Reads the certificate at `position` of the chain, 0 for the root.
    pub(super) fn parse(certificate: &[u8], position: usize) -> Result<Self, ChainError> {
        let malformed = |error: x509_cert::der::Error| ChainError::Malformed {
            position,
            cause: error.to_string(),
        };
        let certificate = Certificate::from_der(certificate).map_err(malformed)?;
        let contents = &certificate.tbs_certificate;
        let key = &contents.subject_public_key_info;
        let curve = key.algorithm.parameters.as_ref().and_then(|any| any.decode_as().ok());
        if key.algorithm.oid != EC_PUBLIC_KEY || curve != Some(SECP384R1) {
            return Err(ChainError::KeyAlgorithm(position));
        }
        let public_key = key
            .subject_public_key
            .as_bytes()
            .ok_or(ChainError::KeyAlgorithm(position))?;
        let usage = contents.get::<KeyUsage>().map_err(malformed)?;
        let constraints = contents.get::<BasicConstraints>().map_err(malformed)?;
        Ok(Self {
            subject: contents.subject.to_der().map_err(malformed)?,
            issuer: contents.issuer.to_der().map_err(malformed)?,
            validity: Validity {
                not_before: unix(contents.validity.not_before),
                not_after: unix(contents.validity.not_after),
            },
            usage: usage.map(|(_, usage)| usage),
            constrains_names: contents.get::<NameConstraints>().map_err(malformed)?.is_some(),
            is_authority: constraints.is_some_and(|(_, constraints)| constraints.ca),
            public_key: public_key.to_vec(),
        })
    }
}

pub(super) fn unix(time: Time) -> UnixTime {
    UnixTime::from_seconds(time.to_unix_duration().as_secs())
}
