//! Why a quote is not authentic, one variant for each cause.

use orv_evidence::UnixTime;

use crate::{ChainError, CheckName, Validity};

/// Why a TDX quote is not authentic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TdxError {
    /// The bytes are not one well-formed quote of a trust domain.
    #[error("malformed quote: {0}")]
    Quote(#[from] QuoteError),
    /// Certificates that do not lead to the root, or not at this time.
    #[error("{of}: {cause}")]
    Chain {
        /// Whose certificates.
        of: TdxPart,
        /// What is wrong with them.
        cause: ChainError,
    },
    /// The platform's certificate lacks what Intel writes into one, or has it twice.
    #[error("the platform's certificate: {0}")]
    PlatformExtension(String),
    /// No collateral was given.
    #[error("no collateral was given; needed: FMSPC {fmspc}, {authority}")]
    NoCollateral {
        /// The platform's FMSPC, hexadecimal.
        fmspc: String,
        /// The platform certificate's issuer.
        authority: String,
    },
    /// Collateral for other platforms only.
    #[error("FMSPC mismatch: the quote is from {fmspc}, the collateral is for {offered:?}")]
    AnotherFmspc {
        /// The platform's FMSPC, hexadecimal.
        fmspc: String,
        /// Those of the collateral.
        offered: Vec<String>,
    },
    /// Collateral for the platform, but with the revocation list of another authority.
    #[error("the collateral's revocation list is from {offered:?}, the platform's certificate from {authority:?}")]
    AnotherAuthority {
        /// The platform certificate's issuer.
        authority: String,
        /// The revocation list's.
        offered: String,
    },
    /// TCB information for another provisioning enclave.
    #[error("PCEID mismatch: the platform has {found}, the TCB information is for {offered}")]
    AnotherPceId {
        /// The platform's, hexadecimal.
        found: String,
        /// The TCB information's.
        offered: String,
    },
    /// A part of the collateral that does not parse, or is longer than any.
    #[error("{part} is malformed: {cause}")]
    Malformed {
        /// Which part.
        part: TdxPart,
        /// What the parser said.
        cause: String,
    },
    /// TCB information or an identity of another kind or version.
    #[error("{part} is {found}, which is not for TDX")]
    Kind {
        /// Which part.
        part: TdxPart,
        /// Its id and version.
        found: String,
    },
    /// A part of the collateral that is no longer valid.
    #[error("{part} expired: valid until {}, asked at {now}", .validity.not_after)]
    Expired {
        /// Which part.
        part: TdxPart,
        /// When it is valid.
        validity: Validity,
        /// The time asked.
        now: UnixTime,
    },
    /// A part of the collateral from the future, beyond the clock skew.
    #[error("{part} is from the future: valid from {}, asked at {now}", .validity.not_before)]
    FromTheFuture {
        /// Which part.
        part: TdxPart,
        /// When it is valid.
        validity: Validity,
        /// The time asked.
        now: UnixTime,
    },
    /// A part of the collateral that its signer did not sign.
    #[error("the signature of {0} is not its signer's")]
    CollateralSignature(TdxPart),
    /// A certificate that its issuer revoked.
    #[error("{0} is revoked")]
    Revoked(TdxPart),
    /// The platform did not sign the quoting enclave's report.
    #[error("the quoting enclave's report is not signed by the platform's key")]
    QuotingEnclaveSignature,
    /// The quoting enclave does not vouch for the key that signed the quote.
    #[error("the attestation key is not bound in the quoting enclave's report")]
    AttestationKey,
    /// Not Intel's quoting enclave.
    #[error("the quoting enclave's {field} is {found}, its identity says {expected}")]
    QuotingEnclave {
        /// Which field.
        field: &'static str,
        /// What the report says.
        found: String,
        /// What the identity asks.
        expected: String,
    },
    /// The attestation key did not sign this quote.
    #[error("the quote's signature is not the attestation key's")]
    QuoteSignature,
    /// Not a TDX module of Intel's.
    #[error("the TDX module's {field} is {found}, the TCB information says {expected}")]
    Module {
        /// Which field.
        field: &'static str,
        /// What the quote says.
        found: String,
        /// What the TCB information asks.
        expected: String,
    },
    /// Security versions below every level that Intel lists.
    #[error("no matching TCB level found for {0}")]
    NoTcbLevel(String),
    /// A level whose status may not stand in its place.
    #[error("status {status} is unknown in {part}")]
    UnknownStatus {
        /// Where it stands.
        part: TdxPart,
        /// What it says.
        status: String,
    },
    /// Intel calls this platform's keys compromised.
    #[error("the platform's TCB is revoked: {0}")]
    RevokedTcb(String),
}

impl TdxError {
    /// The check that failed.
    pub(crate) const fn check(&self) -> CheckName {
        match self {
            Self::Quote(_) => CheckName::Format,
            Self::Chain { .. } | Self::PlatformExtension(_) => CheckName::CertificateChain,
            Self::Revoked(_) => CheckName::Revocation,
            Self::NoCollateral { .. }
            | Self::AnotherFmspc { .. }
            | Self::AnotherAuthority { .. }
            | Self::AnotherPceId { .. }
            | Self::Malformed { .. }
            | Self::Kind { .. }
            | Self::Expired { .. }
            | Self::FromTheFuture { .. }
            | Self::CollateralSignature(_) => CheckName::Collateral,
            Self::QuotingEnclaveSignature | Self::AttestationKey | Self::QuotingEnclave { .. } => {
                CheckName::QuotingEnclave
            }
            Self::QuoteSignature => CheckName::DocumentSignature,
            Self::Module { .. } | Self::NoTcbLevel(_) | Self::UnknownStatus { .. } | Self::RevokedTcb(_) => {
                CheckName::TcbLevel
            }
        }
    }
}

/// One of the things that a quote stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TdxPart {
    /// The chain inside the quote: the platform's certificate first.
    PlatformChain,
    /// The platform's own certificate.
    PlatformCertificate,
    /// The certificate of the authority that issues platform certificates.
    PlatformAuthority,
    /// The certificate that signs TCB information and identities.
    Signer,
    /// The pinned root.
    Root,
    /// The root's revocation list.
    RootList,
    /// The platform certificates' revocation list.
    PlatformList,
    /// A revocation list that was given beside the collateral.
    GivenList,
    /// The TCB information.
    TcbInfo,
    /// A TDX module's identity inside the TCB information.
    ModuleIdentity,
    /// The quoting enclave's identity.
    QuotingEnclaveIdentity,
}

impl TdxPart {
    /// The part in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PlatformChain => "the platform's certificate chain",
            Self::PlatformCertificate => "the platform's certificate",
            Self::PlatformAuthority => "the platform authority's certificate",
            Self::Signer => "the collateral signer's certificate",
            Self::Root => "the pinned root",
            Self::RootList => "the root's revocation list",
            Self::PlatformList => "the platform certificates' revocation list",
            Self::GivenList => "a revocation list beside the collateral",
            Self::TcbInfo => "the TCB information",
            Self::ModuleIdentity => "the TDX module's identity",
            Self::QuotingEnclaveIdentity => "the quoting enclave's identity",
        }
    }
}

impl std::fmt::Display for TdxPart {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why bytes are not a TDX quote that this verifier takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuoteError {
    /// Longer than any quote.
    #[error("{0} bytes are too long")]
    TooLong(usize),
    /// The end comes inside a field.
    #[error("ends inside {field}, which needs {needed} bytes at byte {at}")]
    Truncated {
        /// Which field.
        field: &'static str,
        /// Where it begins.
        at: usize,
        /// How long it is.
        needed: usize,
    },
    /// A version other than 4 and 5.
    #[error("version {0} is neither 4 nor 5")]
    Version(u16),
    /// Another key than ECDSA on P-256.
    #[error("attestation key type {0} is not ECDSA-P256")]
    KeyType(u16),
    /// Another machine's quote, such as an SGX enclave's (0).
    #[error("TEE type 0x{0:x} is not TDX")]
    TeeType(u32),
    /// Another vendor's quoting enclave.
    #[error("quoting enclave vendor {0} is not Intel")]
    Vendor(String),
    /// A body of another type than a trust domain's.
    #[error("body type {0} is not a trust domain's")]
    BodyType(u16),
    /// A length that is not the one due.
    #[error("{field} of {found} bytes, due are {due}")]
    Size {
        /// Which length.
        field: &'static str,
        /// What it says.
        found: usize,
        /// What it must say.
        due: usize,
    },
    /// Certification data of another type: an encrypted platform id, say.
    #[error("certification data of type {found}, due is {due}")]
    CertificationType {
        /// The type.
        found: u16,
        /// What it must be.
        due: u16,
    },
    /// A value that must be zero.
    #[error("reserved bytes of {0} are set")]
    Reserved(&'static str),
}
