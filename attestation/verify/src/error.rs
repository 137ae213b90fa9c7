//! Why evidence is not authentic, one variant for each cause.

use orv_evidence::{Platform, UnixTime};

use crate::{Check, CheckName, SnpError, TdxError};

/// Why evidence is not authentic, or was not judged at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// No root is known for this platform: a simulated one under production roots.
    #[error("no root is trusted for platform {0}")]
    NoRoot(Platform),
    /// This platform's evidence names no time: only its challenge tells when it was made.
    #[error("evidence of platform {0} names no time")]
    NoTime(Platform),
    /// The bytes are not one well-formed document.
    #[error("malformed document: {0}")]
    Document(#[from] DocumentError),
    /// The certificates do not lead to the root, or not at this time.
    #[error("certificate chain: {0}")]
    Chain(#[from] ChainError),
    /// The SNP report is malformed, or nobody whom a root vouches for signed it.
    #[error("SNP report: {0}")]
    Snp(#[from] SnpError),
    /// The TDX quote is malformed, or what it stands on does not hold.
    #[error("TDX quote: {0}")]
    Tdx(#[from] TdxError),
    /// The document's own time lies outside its certificates' time.
    #[error("document time {issued_at} is outside its chain's {not_before} to {not_after}")]
    TimeOutsideChain {
        /// The document's time.
        issued_at: UnixTime,
        /// The chain's first second.
        not_before: UnixTime,
        /// The chain's last second.
        not_after: UnixTime,
    },
    /// The document comes from the future, beyond the clock skew.
    #[error("document time {issued_at} is more than the clock skew after {now}")]
    TimeInFuture {
        /// The document's time.
        issued_at: UnixTime,
        /// The time asked.
        now: UnixTime,
    },
    /// The leaf key did not sign this document.
    #[error("the document's signature is not the leaf key's")]
    Signature,
}

impl VerifyError {
    /// The check that failed, for lists that show failures beside passes.
    pub fn check(&self) -> Check {
        let name = match self {
            Self::Document(_) => CheckName::Format,
            Self::NoRoot(_) | Self::Chain(_) => CheckName::CertificateChain,
            Self::NoTime(_) | Self::TimeOutsideChain { .. } | Self::TimeInFuture { .. } => CheckName::DocumentTime,
            Self::Snp(error) => error.check(),
            Self::Tdx(error) => error.check(),
            Self::Signature => CheckName::DocumentSignature,
        };
        Check::fail(name, self.to_string())
    }
}

/// Why bytes are not a Nitro attestation document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// Longer than any document.
    #[error("{0} bytes are too long")]
    TooLong(usize),
    /// Not CBOR, or a value of another type.
    #[error("malformed CBOR: {0}")]
    Cbor(String),
    /// A length or number that is not in its shortest form, or of indefinite length.
    #[error("a CBOR item at byte {0} is not in its shortest form")]
    NotShortest(usize),
    /// Something follows the document, or its payload.
    #[error("{0} bytes follow the end")]
    TrailingBytes(usize),
    /// A tag other than COSE_Sign1's 18.
    #[error("unknown tag {0}")]
    Tag(u64),
    /// Not an array of four.
    #[error("an array of {0} elements is not a COSE_Sign1 message")]
    Elements(u64),
    /// Another protected header than `{1: -35}`: another algorithm, or more entries.
    #[error("protected header {0} is not ES384 alone")]
    ProtectedHeader(String),
    /// Entries in the unprotected header.
    #[error("unprotected header has {0} entries")]
    UnprotectedHeader(u64),
    /// A signature of another size than 96 bytes.
    #[error("signature of {0} bytes")]
    SignatureSize(usize),
    /// A payload key that does not exist.
    #[error("unknown key {0:?}")]
    UnknownKey(String),
    /// A payload key, or a register's index, that comes twice.
    #[error("doubled key {0:?}")]
    DoubledKey(String),
    /// A mandatory payload key, or register, that is absent.
    #[error("missing {0}")]
    Missing(&'static str),
    /// A value that is empty or longer than its bound.
    #[error("{field} of size {size} is out of bounds")]
    Size {
        /// Which value.
        field: &'static str,
        /// Its size: bytes, or entries.
        size: usize,
    },
    /// Registers hashed with something else than SHA-384.
    #[error("digest {0:?} is not SHA384")]
    Digest(String),
    /// A timestamp of zero.
    #[error("timestamp is zero")]
    Timestamp,
    /// A register beyond 31.
    #[error("register index {0} is beyond 31")]
    RegisterIndex(u64),
}

/// Why certificates do not endorse a leaf key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The chain begins with another certificate than the pinned root.
    #[error("begins with certificate {0}, not with the pinned root")]
    AnotherRoot(String),
    /// A certificate that does not parse.
    #[error("certificate {position} is malformed: {cause}")]
    Malformed {
        /// Its place, 0 for the root.
        position: usize,
        /// What the parser said.
        cause: String,
    },
    /// A certificate issued by another name than the one before it.
    #[error("certificate {0} was not issued by the one before it")]
    Order(usize),
    /// A key that is not on P-384.
    #[error("certificate {0} holds a key that is not P-384")]
    KeyAlgorithm(usize),
    /// A key whose usage does not allow what it does here.
    #[error("certificate {0} may not be used for this")]
    KeyUsage(usize),
    /// An authority's certificate in the leaf's place.
    #[error("the leaf is an authority")]
    LeafIsAuthority,
    /// Valid only later, beyond the clock skew.
    #[error("valid from {not_before}, asked at {now}")]
    NotYetValid {
        /// First second of validity.
        not_before: UnixTime,
        /// The time asked.
        now: UnixTime,
    },
    /// No longer valid.
    #[error("valid until {not_after}, asked at {now}")]
    Expired {
        /// Last second of validity.
        not_after: UnixTime,
        /// The time asked.
        now: UnixTime,
    },
    /// A certificate that its issuer revoked.
    #[error("a certificate is revoked")]
    Revoked,
    /// More revocation lists than a chain can have issuers.
    #[error("{0} revocation lists are too many")]
    RevocationLists(usize),
    /// A revocation list that does not parse.
    #[error("revocation list {position} is malformed: {cause}")]
    MalformedRevocationList {
        /// Its place among those given.
        position: usize,
        /// What the parser said.
        cause: String,
    },
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
    /// Path validation (RFC 5280 6) failed.
    #[error("no valid path to the root: {0}")]
    Path(String),
}
