//! Why an SNP report is not authentic, one variant for each cause.

use std::fmt;

use orv_evidence::UnixTime;

use super::{EndorsementKind, Octets, Product};
use crate::CheckName;

/// Why an SNP report is not authentic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnpError {
    /// Not the size of a report.
    #[error("{0} bytes are no report")]
    Size(usize),
    /// A version that is not known, or that nobody should meet any more.
    #[error("report version {0} is not 2 to 5")]
    Version(u32),
    /// Another algorithm than ECDSA P-384 with SHA-384.
    #[error("signature algorithm {0} is not 1")]
    SignatureAlgorithm(u32),
    /// A privilege level that no guest has: the host itself asked for the report.
    #[error("privilege level {0:#x} is no guest's")]
    PrivilegeLevel(u32),
    /// A reserved byte, of the report or around its signature, that is not zero.
    #[error("reserved byte {0:#x} is not zero")]
    Reserved(usize),
    /// Reserved bits or a reserved key number.
    #[error("signer information {0:#x} is not understood")]
    SignerInformation(u32),
    /// The report says itself that nobody signed it.
    #[error("the report is not signed")]
    Unsigned,
    /// A processor that none of the pinned roots is for.
    #[error("processor {} is of no known product", hex::encode(.0))]
    Processor([u8; 3]),
    /// More certificates than a report can need.
    #[error("{0} certificates are too many")]
    Certificates(usize),
    /// The certificate of the key that signed is not among those given.
    #[error("no {kind} among {given} certificates")]
    NoEndorsement {
        /// What the report says that it was signed with.
        kind: EndorsementKind,
        /// How many certificates were given.
        given: usize,
    },
    /// The certificate above the key's is neither built in nor given.
    #[error("no certificate of {issuer:?} among {given} certificates")]
    NoAuthority {
        /// The common name that is missing.
        issuer: String,
        /// How many certificates were given.
        given: usize,
    },
    /// No root is trusted for this product here.
    #[error("no root is trusted for {0}")]
    NoRoot(Product),
    /// A certificate that does not parse or does not hold what it must.
    #[error("{certificate} is malformed: {cause}")]
    Malformed {
        /// Which certificate.
        certificate: Link,
        /// What is wrong with it.
        cause: String,
    },
    /// An extension that a key's certificate must have.
    #[error("the key's certificate has no extension {0}")]
    MissingExtension(&'static str),
    /// An extension that comes twice.
    #[error("{certificate} has extension {extension} twice")]
    DoubledExtension {
        /// Which certificate.
        certificate: Link,
        /// The extension's object identifier.
        extension: String,
    },
    /// A critical extension that is not understood.
    #[error("{certificate} has the unknown critical extension {extension}")]
    CriticalExtension {
        /// Which certificate.
        certificate: Link,
        /// The extension's object identifier.
        extension: String,
    },
    /// A certificate that is not signed with RSASSA-PSS, SHA-384 and 48 bytes of salt.
    #[error("{0} is not signed as AMD signs")]
    CertificateAlgorithm(Link),
    /// A name, or a key's kind, that does not fit the place in the chain.
    #[error("{certificate} was issued by {found:?}, not by {expected:?}")]
    Issuer {
        /// Which certificate.
        certificate: Link,
        /// Its issuer.
        found: String,
        /// Whose it must be.
        expected: String,
    },
    /// An authority that may not sign certificates, or a key's certificate that may.
    #[error("{0} may not be used for this")]
    Usage(Link),
    /// The certificate above did not sign this one.
    #[error("{0} is not signed by the one above it")]
    CertificateSignature(Link),
    /// Valid only later, beyond the clock skew.
    #[error("{certificate} is valid from {not_before}, asked at {now}")]
    NotYetValid {
        /// Which certificate.
        certificate: Link,
        /// First second of validity.
        not_before: UnixTime,
        /// The time asked.
        now: UnixTime,
    },
    /// No longer valid.
    #[error("{certificate} was valid until {not_after}, asked at {now}")]
    Expired {
        /// Which certificate.
        certificate: Link,
        /// Last second of validity.
        not_after: UnixTime,
        /// The time asked.
        now: UnixTime,
    },
    /// The key stands for other firmware than the report says.
    #[error("the key is for firmware {certified}, the report says {reported}")]
    Firmware {
        /// The certificate's eight bytes.
        certified: Octets<8>,
        /// The report's REPORTED_TCB.
        reported: Octets<8>,
    },
    /// The chip's own key, and a report that does not say which chip.
    #[error("the chip's identifier is masked, yet the chip's own key signed")]
    MaskedChip,
    /// The key is another chip's.
    #[error("the key is for chip {certified}, the report says {reported}")]
    Chip {
        /// The certificate's hardware identifier, hexadecimal.
        certified: String,
        /// The report's CHIP_ID.
        reported: Box<Octets<64>>,
    },
    /// Certificate and processor are of different products.
    #[error("the certificate is for {certified}, the processor is {found}")]
    Product {
        /// The certificate's product.
        certified: Product,
        /// What the report or the product's name says.
        found: Product,
    },
    /// The key did not sign this report.
    #[error("the report's signature is not the key's")]
    Signature,
    /// More revocation lists than can matter.
    #[error("{0} revocation lists are too many")]
    RevocationLists(usize),
    /// A revocation list that does not parse.
    #[error("revocation list {position} is malformed: {cause}")]
    MalformedRevocationList {
        /// Its place among those given.
        position: usize,
        /// What is wrong with it.
        cause: String,
    },
    /// A revocation list in the root's name that the root did not sign.
    #[error("revocation list {0} is not signed by the root it names")]
    RevocationListSignature(usize),
    /// A revocation list that is not current.
    #[error("a revocation list is for {this_update} to {next_update}, asked at {now}")]
    StaleRevocationList {
        /// When it was issued.
        this_update: UnixTime,
        /// When the next one was due.
        next_update: UnixTime,
        /// The time asked.
        now: UnixTime,
    },
    /// A certificate that AMD revoked.
    #[error("{0} is revoked")]
    Revoked(Link),
}

/// A certificate by its place between report and root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Link {
    /// The certificate of the key that signs reports.
    Key(EndorsementKind),
    /// The certificate above it, an ASK or ASVK.
    Authority(EndorsementKind),
    /// The root.
    Root,
}

impl fmt::Display for Link {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(kind) => write!(formatter, "the {kind}'s certificate"),
            Self::Authority(EndorsementKind::Vcek) => formatter.write_str("the ASK's certificate"),
            Self::Authority(EndorsementKind::Vlek) => formatter.write_str("the ASVK's certificate"),
            Self::Root => formatter.write_str("the ARK's certificate"),
        }
    }
}

impl SnpError {
    /// The check that failed.
    pub(crate) const fn check(&self) -> CheckName {
        match self {
            Self::Size(_)
            | Self::Version(_)
            | Self::SignatureAlgorithm(_)
            | Self::PrivilegeLevel(_)
            | Self::Reserved(_)
            | Self::SignerInformation(_)
            | Self::Unsigned => CheckName::Format,
            Self::Firmware { .. } => CheckName::EndorsedFirmware,
            Self::MaskedChip | Self::Chip { .. } => CheckName::EndorsedChip,
            Self::Product { .. } | Self::Processor(_) => CheckName::EndorsedProduct,
            Self::Signature => CheckName::DocumentSignature,
            Self::RevocationLists(_)
            | Self::MalformedRevocationList { .. }
            | Self::RevocationListSignature(_)
            | Self::StaleRevocationList { .. }
            | Self::Revoked(_) => CheckName::Revocation,
            _ => CheckName::CertificateChain,
        }
    }
}
