//! The certificates above the key's: ASK or ASVK, and ARK.

use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};

use super::super::{Link, SnpError};
use super::X509;
use super::extension::Extensions;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// A certificate whose key may sign certificates.
pub(in super::super) struct AuthorityCertificate<'a> {
    pub(in super::super) certificate: X509<'a>,
    pub(in super::super) link: Link,
    /// RSA, PKCS#1 DER.
    pub(in super::super) public_key: Vec<u8>,
}

impl<'a> AuthorityCertificate<'a> {
    /// Reads an authority that is to stand at `link`, before anybody knows who signed it.
    pub(in super::super) fn read(certificate: X509<'a>, link: Link) -> Result<Self, SnpError> {
        let malformed = |cause: String| SnpError::Malformed {
            certificate: link,
            cause,
        };
        let contents = &certificate.contents;
        Extensions::new(contents.extensions.as_ref(), link)?;
        let constraints = contents
            .get::<BasicConstraints>()
            .map_err(|error| malformed(error.to_string()))?;
        let usage = contents
            .get::<KeyUsage>()
            .map_err(|error| malformed(error.to_string()))?;
        let is_authority = constraints.is_some_and(|(_, constraints)| constraints.ca);
        if !is_authority || !usage.is_some_and(|(_, usage)| usage.key_cert_sign()) {
            return Err(SnpError::Usage(link));
        }
        let key = &contents.subject_public_key_info;
        let public_key = match key.subject_public_key.as_bytes() {
            Some(bytes) if key.algorithm.oid == RSA_ENCRYPTION => bytes.to_vec(),
            _ => return Err(malformed("not an RSA key".to_owned())),
        };
        Ok(Self {
            certificate,
            link,
            public_key,
        })
    }
}
