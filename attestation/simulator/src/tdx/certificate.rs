//! The certificates of Intel's chain.

use orv_evidence::UnixTime;

use super::pck::PckExtension;
use crate::x509::{Attribute, Extension, KeyPair, Name, SignatureAlgorithm, ToBeSigned, serial_number};

/// How long a PCK certificate lives, in seconds: seven years.
pub const PCK_LIFETIME: u64 = 7 * 31_557_600;

/// Which authority a PCK certificate is under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PckAuthority {
    /// For platforms of many packages.
    Platform,
    /// For single packages.
    Processor,
}

impl PckAuthority {
    pub(super) const fn common_name(self) -> &'static str {
        match self {
            Self::Platform => "Intel SGX PCK Platform CA",
            Self::Processor => "Intel SGX PCK Processor CA",
        }
    }
}

pub(super) const ROOT: &str = "Intel SGX Root CA";
pub(super) const TCB_SIGNING: &str = "Intel SGX TCB Signing";
const PCK: &str = "Intel SGX PCK Certificate";

/// A name with Intel's attributes in Intel's order, whose organisation says what it is.
pub(super) fn name(common_name: &str) -> Name {
    Name::of(&[
        (Attribute::CommonName, common_name),
        (Attribute::Organization, "SIMULATED, private key published"),
        (Attribute::Locality, "Santa Clara"),
        (Attribute::State, "CA"),
        (Attribute::Country, "US"),
    ])
}

/// Issuer's name and key, subject's common name and key.
pub(super) struct Parties<'a> {
    pub(super) issuer: &'a str,
    pub(super) issuer_key: &'a KeyPair,
    pub(super) subject: &'a str,
    pub(super) subject_key: &'a KeyPair,
}

impl Parties<'_> {
    fn certificate(&self, from: UnixTime, to: UnixTime, own: Vec<Extension>) -> ToBeSigned {
        let subject = name(self.subject);
        let mut extensions = vec![
            Extension::authority_key(&self.issuer_key.identifier()),
            Extension::revocation_list_at("https://simulated.example/revocation.der"),
            Extension::subject_key(&self.subject_key.identifier()),
        ];
        extensions.extend(own);
        ToBeSigned {
            serial_number: serial_number(&subject, self.subject_key),
            algorithm: SignatureAlgorithm::EcdsaSha256,
            issuer: name(self.issuer),
            not_before: from,
            not_after: to,
            subject,
            extensions,
        }
    }

    /// Contents of a root or of a PCK authority.
    pub(super) fn authority(&self, path_length: u8, (from, to): (UnixTime, UnixTime)) -> ToBeSigned {
        self.certificate(
            from,
            to,
            vec![
                Extension::signs_certificates_and_lists(),
                Extension::authority(Some(path_length)),
            ],
        )
    }

    /// Contents of the TCB signing certificate.
    pub(super) fn signing(&self, (from, to): (UnixTime, UnixTime)) -> ToBeSigned {
        self.certificate(from, to, leaf())
    }
}

/// Contents of a PCK certificate.
pub(super) fn pck(
    authority: PckAuthority,
    authority_key: &KeyPair,
    key: &KeyPair,
    extension: &PckExtension,
    from: UnixTime,
) -> ToBeSigned {
    let parties = Parties {
        issuer: authority.common_name(),
        issuer_key: authority_key,
        subject: PCK,
        subject_key: key,
    };
    let mut extensions = leaf();
    extensions.push(extension.encode());
    parties.certificate(from, from.plus_seconds(PCK_LIFETIME), extensions)
}

/// digitalSignature and nonRepudiation; no authority.
fn leaf() -> Vec<Extension> {
    vec![Extension::key_usage(0b1100_0000, 6), Extension::no_authority()]
}
