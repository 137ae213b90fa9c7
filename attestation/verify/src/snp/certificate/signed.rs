//! A certificate or list as signed bytes, and AMD's one signature algorithm.

use ring::signature::{RSA_PSS_2048_8192_SHA384, UnparsedPublicKey};
use x509_cert::der::asn1::{BitStringRef, ObjectIdentifier, PrintableStringRef, Utf8StringRef};
use x509_cert::der::{self, Decode, Reader, SliceReader, Tag, Tagged};
use x509_cert::name::Name;
use x509_cert::time::Time;
use x509_cert::{Certificate, TbsCertificate};

use super::super::{Link, SnpError};
use crate::Validity;

/// Longest certificate that is looked at, in bytes. AMD's have less than 1.8 kB.
const MAXIMUM_CERTIFICATE: usize = 8 << 10;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// RSASSA-PSS with SHA-384, MGF1 with SHA-384 and 48 bytes of salt (RFC 4055 3.1), the default trailer field left out:
/// as on later VCEKs and VLEKs.
const RSA_PSS_SHA384: &[u8] = &[
    0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x34, 0xa0, 0x0f, 0x30, 0x0d,
    0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09,
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
    0x04, 0x02, 0x02, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x30,
];
/// The same with the trailer field written out: as on roots, authorities and earlier VCEKs and VLEKs.
const RSA_PSS_SHA384_WITH_TRAILER: &[u8] = &[
    0x30, 0x46, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x39, 0xa0, 0x0f, 0x30, 0x0d,
    0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09,
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
    0x04, 0x02, 0x02, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x30, 0xa3, 0x03, 0x02, 0x01, 0x01,
];

/// What RFC 5280 signs, cut out as it stands, since a signature is over the original bytes.
pub(in super::super) struct Signed<'a> {
    contents: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    pub(in super::super) fn parse(bytes: &'a [u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(bytes)?;
        let signed = reader.sequence(|inside| {
            Ok(Self {
                contents: inside.tlv_bytes()?,
                algorithm: inside.tlv_bytes()?,
                signature: BitStringRef::decode(inside)?
                    .as_bytes()
                    .ok_or(Tag::BitString.value_error())?,
            })
        })?;
        reader.finish(signed)
    }

    /// Whether it is signed as AMD signs everything, in either of AMD's encodings.
    pub(in super::super) fn is_amds_algorithm(&self) -> bool {
        [RSA_PSS_SHA384, RSA_PSS_SHA384_WITH_TRAILER].contains(&self.algorithm)
    }

    /// Whether the RSA key (PKCS#1 DER) signed it.
    pub(in super::super) fn is_by(&self, key: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA384, key)
            .verify(self.contents, self.signature)
            .is_ok()
    }
}

/// A certificate that parses and claims AMD's signature algorithm; not yet believed.
pub(in super::super) struct X509<'a> {
    pub(in super::super) der: &'a [u8],
    pub(in super::super) contents: TbsCertificate,
    signed: Signed<'a>,
}

impl<'a> X509<'a> {
    /// Reads one certificate, or says in words why not.
    pub(in super::super) fn parse(der: &'a [u8]) -> Result<Self, String> {
        if der.len() > MAXIMUM_CERTIFICATE {
            return Err(format!("{} bytes are too long", der.len()));
        }
        let signed = Signed::parse(der).map_err(|error| error.to_string())?;
        let certificate = Certificate::from_der(der).map_err(|error| error.to_string())?;
        if certificate.signature_algorithm != certificate.tbs_certificate.signature {
            return Err("names two signature algorithms".to_owned());
        }
        Ok(Self {
            der,
            contents: certificate.tbs_certificate,
            signed,
        })
    }

    pub(in super::super) fn subject(&self) -> Option<String> {
        common_name(&self.contents.subject)
    }

    pub(in super::super) fn issuer(&self) -> Option<String> {
        common_name(&self.contents.issuer)
    }

    pub(in super::super) fn validity(&self) -> Validity {
        Validity {
            not_before: unix(self.contents.validity.not_before),
            not_after: unix(self.contents.validity.not_after),
        }
    }

    /// Whether the RSA key (PKCS#1 DER) signed this certificate, which stands at `link`.
    pub(in super::super) fn signed_by(&self, key: &[u8], link: Link) -> Result<(), SnpError> {
        if !self.signed.is_amds_algorithm() {
            return Err(SnpError::CertificateAlgorithm(link));
        }
        if !self.signed.is_by(key) {
            return Err(SnpError::CertificateSignature(link));
        }
        Ok(())
    }
}

/// The one common name of a name; nothing where there is none or more than one.
pub(in super::super) fn common_name(name: &Name) -> Option<String> {
    let mut found = name.0.iter().flat_map(|relative| relative.0.iter());
    let mut names = found.by_ref().filter(|attribute| attribute.oid == COMMON_NAME);
    let (Some(first), None) = (names.next(), names.next()) else {
        return None;
    };
    let value = &first.value;
    match value.tag() {
        Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>().ok().map(|text| text.to_string()),
        Tag::PrintableString => value
            .decode_as::<PrintableStringRef<'_>>()
            .ok()
            .map(|text| text.to_string()),
        _ => None,
    }
}

/// The one common name of a certificate's subject.
pub(crate) fn common_name_of(certificate: &[u8]) -> Option<String> {
    common_name(&Certificate::from_der(certificate).ok()?.tbs_certificate.subject)
}

pub(in super::super) fn unix(time: Time) -> orv_evidence::UnixTime {
    orv_evidence::UnixTime::from_seconds(time.to_unix_duration().as_secs())
}
