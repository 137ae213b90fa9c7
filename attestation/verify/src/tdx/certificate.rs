//! One certificate of Intel's hierarchy: what path validation does not look at, or does not give out.

use orv_evidence::UnixTime;
use x509_cert::der::asn1::BitStringRef;
use x509_cert::der::{Decode, Reader, SliceReader};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};
use x509_cert::name::Name;
use x509_cert::time::Time;

use super::platform::PlatformExtension;
use crate::{ChainError, Validity};

/// Longest certificate, in bytes. Intel's have about 1,200.
const MAXIMUM_CERTIFICATE: usize = 1 << 14;

/// `ecdsa-with-SHA256`, the one signature algorithm of the hierarchy.
pub(super) const ECDSA_WITH_SHA256: [u8; 12] = [0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];

/// A certificate that parses. Who signed it is another question.
pub(super) struct Certificate {
    pub(super) der: Vec<u8>,
    pub(super) subject: Name,
    pub(super) issuer: Name,
    pub(super) validity: Validity,
    /// The serial number, big-endian.
    pub(super) serial: Vec<u8>,
    /// P-256, uncompressed SEC1.
    pub(super) public_key: Vec<u8>,
    pub(super) is_authority: bool,
    usage: Option<KeyUsage>,
    extension: Option<Vec<u8>>,
}

impl Certificate {
    /// Reads the certificate at `position` of its chain, 0 for the root.
    pub(super) fn parse(der: Vec<u8>, position: usize) -> Result<Self, ChainError> {
        let malformed = |cause: &dyn std::fmt::Display| ChainError::Malformed {
            position,
            cause: cause.to_string(),
        };
        if der.len() > MAXIMUM_CERTIFICATE {
            return Err(malformed(&"too long"));
        }
        let parsed = x509_cert::Certificate::from_der(&der).map_err(|error| malformed(&error))?;
        let contents = parsed.tbs_certificate;
        let key = contents.subject_public_key_info.subject_public_key.as_bytes();
        let usage = contents.get::<KeyUsage>().map_err(|error| malformed(&error))?;
        let constraints = contents.get::<BasicConstraints>().map_err(|error| malformed(&error))?;
        let extension = PlatformExtension::find(&contents).map_err(|error| malformed(&error))?;
        Ok(Self {
            validity: Validity {
                not_before: unix(contents.validity.not_before),
                not_after: unix(contents.validity.not_after),
            },
            serial: without_sign(contents.serial_number.as_bytes()).to_vec(),
            public_key: key.ok_or_else(|| malformed(&"a key of broken bits"))?.to_vec(),
            is_authority: constraints.is_some_and(|(_, constraints)| constraints.ca),
            usage: usage.map(|(_, usage)| usage),
            extension: extension.map(<[u8]>::to_vec),
            subject: contents.subject,
            issuer: contents.issuer,
            der,
        })
    }

    /// Whether it may sign certificates and their revocation (RFC 5280 4.2.1.3).
    pub(super) fn signs_certificates(&self) -> bool {
        self.is_authority
            && self
                .usage
                .is_some_and(|usage| usage.key_cert_sign() && usage.crl_sign())
    }

    /// Whether it signs things that are no certificates, and those alone.
    pub(super) fn signs_data(&self) -> bool {
        !self.is_authority && self.usage.is_some_and(|usage| usage.digital_signature())
    }

    /// What Intel writes into a platform's certificate, DER.
    pub(super) fn extension(&self) -> Option<&[u8]> {
        self.extension.as_deref()
    }
}

/// The three parts of a signed structure (RFC 5280 4.1.1): what is signed, as it stands there, and the signature.
pub(super) struct Signed<'a> {
    pub(super) contents: &'a [u8],
    pub(super) signature: &'a [u8],
}

impl<'a> Signed<'a> {
    /// Takes the structure apart without reading what it says.
    pub(super) fn parse(der: &'a [u8]) -> Result<Self, String> {
        let mut reader = SliceReader::new(der).map_err(|error| error.to_string())?;
        let (contents, algorithm, signature) = reader
            .sequence(|inner| {
                let contents = inner.tlv_bytes()?;
                let algorithm = inner.tlv_bytes()?;
                Ok((contents, algorithm, BitStringRef::decode(inner)?))
            })
            .map_err(|error| error.to_string())?;
        if algorithm != ECDSA_WITH_SHA256 {
            return Err("signed with another algorithm than ECDSA with SHA-256".to_owned());
        }
        reader.finish(()).map_err(|error| error.to_string())?;
        let signature = signature.as_bytes().ok_or("a signature of broken bits")?;
        Ok(Self { contents, signature })
    }
}

pub(super) fn unix(time: Time) -> UnixTime {
    UnixTime::from_seconds(time.to_unix_duration().as_secs())
}

/// An integer's bytes without the zero that only says that it is positive.
pub(super) fn without_sign(serial: &[u8]) -> &[u8] {
    match serial {
        [0, rest @ ..] if !rest.is_empty() => rest,
        serial => serial,
    }
}
