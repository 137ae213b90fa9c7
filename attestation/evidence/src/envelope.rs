//! The one envelope in which evidence of every platform travels; `docs/formats.md` has its layout.

use crate::map::{MapReader, MapWriter};
use crate::{Binding, Collected, KEY_ALGORITHM, KeyOrigin, MapError, Platform, UnknownKeyOrigin, UnknownPlatform};

/// The version of the envelope's layout.
pub const ENVELOPE_VERSION: u64 = 1;
/// Longest raw evidence, in bytes: a TDX quote with its certificates is below 16 KiB.
pub const MAXIMUM_EVIDENCE: usize = 48 * 1024;
/// Longest collateral, in bytes: a PCCS's JSON for TDX with its certificate chains and CRLs stays below half of it, the
/// certificates of an SEV-SNP host below a quarter.
pub const MAXIMUM_COLLATERAL: usize = 64 * 1024;
/// Longest encoded context, in bytes.
pub const MAXIMUM_CONTEXT: usize = 1024;
/// Longest purpose, in bytes.
pub const MAXIMUM_PURPOSE: usize = 64;
/// Longest whole envelope, in bytes; nothing longer is looked at.
pub const MAXIMUM_ENVELOPE: usize = 128 * 1024;

const ENTRIES: u64 = 9;
const ENTRIES_WITH_COLLATERAL: u64 = 10;
const MAXIMUM_NAME: usize = 32;

/// Raw evidence together with the preimage of what it is bound to, one form for all platforms.
///
/// A deterministic CBOR map (RFC 8949 4.2.1): 0 version, 1 platform, 2 purpose, 3 challenge, 4 key algorithm,
/// 5 key origin, 6 public key, 7 context, 8 evidence, and 9 collateral where there is some. Nothing follows it. Its 0G root is the `evidenceRoot` of an
/// admission and of every statement under the key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Envelope {
    /// Layout version, [`ENVELOPE_VERSION`].
    pub version: u64,
    /// The hardware that spoke.
    pub platform: Platform,
    /// What the key is for.
    pub purpose: String,
    /// The challenge answered.
    pub challenge: [u8; 32],
    /// [`KEY_ALGORITHM`].
    pub key_algorithm: &'static str,
    /// Where the secret comes from; possible on the platform.
    pub key_origin: KeyOrigin,
    /// The key, uncompressed SEC1 (first byte 4; whether it is on the curve is the verifier's to check).
    pub public_key: [u8; 65],
    /// The encoded [`crate::Context`], opaque here.
    pub context: Vec<u8>,
    /// The platform's own bytes, opaque here.
    pub evidence: Vec<u8>,
    /// Vendor-signed bytes that help to verify the evidence later, opaque here and never empty. A hint: nothing binds
    /// it to the key, so a verifier believes only the signatures inside.
    pub collateral: Option<Vec<u8>>,
}

/// Why something is not an [`Envelope`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Longer than [`MAXIMUM_ENVELOPE`].
    #[error("{0} bytes are too long for an envelope")]
    TooLong(usize),
    /// Not the one encoding of the map.
    #[error("not an envelope: {0}")]
    Map(#[from] MapError),
    /// Another layout.
    #[error("unknown envelope version {0}")]
    Version(u64),
    /// A platform that does not exist.
    #[error(transparent)]
    Platform(#[from] UnknownPlatform),
    /// A purpose that is empty, too long, or not printable ASCII.
    #[error("purpose {0:?} is not 1 to 64 printable ASCII characters")]
    Purpose(String),
    /// Another key algorithm.
    #[error("unknown key algorithm {0:?}")]
    KeyAlgorithm(String),
    /// A key origin that does not exist.
    #[error(transparent)]
    KeyOrigin(#[from] UnknownKeyOrigin),
    /// A key origin that this platform cannot have.
    #[error("a {origin} key does not exist on {platform}")]
    ImpossibleOrigin {
        /// The platform named.
        platform: Platform,
        /// The origin claimed.
        origin: KeyOrigin,
    },
    /// A key that is not in uncompressed form.
    #[error("public key starts with byte {0:#04x} instead of 0x04")]
    PublicKeyForm(u8),
    /// A context longer than [`MAXIMUM_CONTEXT`].
    #[error("context of {0} bytes is too long")]
    Context(usize),
    /// Evidence that is empty or longer than [`MAXIMUM_EVIDENCE`].
    #[error("evidence of {0} bytes is empty or too long")]
    Evidence(usize),
    /// Collateral that is there but empty, or longer than [`MAXIMUM_COLLATERAL`].
    #[error("collateral of {0} bytes is empty or too long")]
    Collateral(usize),
}

impl Envelope {
    /// Puts what was collected for `binding` beside the binding's preimage.
    ///
    /// # Errors
    /// [`EnvelopeError`] for a binding, evidence or collateral that [`Envelope::decode`] would refuse.
    pub fn seal(
        binding: &Binding,
        key_origin: KeyOrigin,
        collected: impl Into<Collected>,
    ) -> Result<Self, EnvelopeError> {
        let Collected { evidence, collateral } = collected.into();
        Self {
            version: ENVELOPE_VERSION,
            platform: binding.platform,
            purpose: binding.purpose.clone(),
            challenge: binding.challenge,
            key_algorithm: KEY_ALGORITHM,
            key_origin,
            public_key: binding.public_key,
            context: binding.context.clone(),
            evidence,
            collateral,
        }
        .checked()
    }

    /// What the evidence inside claims to be bound to. A verifier replaces the parts that it knows better.
    pub fn binding(&self) -> Binding {
        Binding {
            platform: self.platform,
            purpose: self.purpose.clone(),
            challenge: self.challenge,
            public_key: self.public_key,
            context: self.context.clone(),
        }
    }

    /// The one encoding of this envelope.
    pub fn encode(&self) -> Vec<u8> {
        let entries = match self.collateral {
            None => ENTRIES,
            Some(_) => ENTRIES_WITH_COLLATERAL,
        };
        let map = MapWriter::open(entries)
            .number(self.version)
            .text(self.platform.as_str())
            .text(&self.purpose)
            .bytes(&self.challenge)
            .text(self.key_algorithm)
            .text(self.key_origin.as_str())
            .bytes(&self.public_key)
            .bytes(&self.context)
            .bytes(&self.evidence);
        match &self.collateral {
            None => map.close(),
            Some(collateral) => map.bytes(collateral).close(),
        }
    }

    /// Reads the one encoding.
    ///
    /// # Errors
    /// [`EnvelopeError`], one variant per cause. Trailing bytes, longer integers, unknown, missing or doubled keys are
    /// all refused, because what is accepted must re-encode to the same bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        if bytes.len() > MAXIMUM_ENVELOPE {
            return Err(EnvelopeError::TooLong(bytes.len()));
        }
        let (mut map, entries) = MapReader::open_either(bytes, ENTRIES, ENTRIES_WITH_COLLATERAL)?;
        let version = map.number()?;
        if version != ENVELOPE_VERSION {
            return Err(EnvelopeError::Version(version));
        }
        let envelope = Self {
            version,
            platform: map.text(MAXIMUM_NAME)?.parse()?,
            purpose: map.text(MAXIMUM_PURPOSE)?.to_owned(),
            challenge: map.array()?,
            key_algorithm: known_algorithm(map.text(MAXIMUM_NAME)?)?,
            key_origin: map.text(MAXIMUM_NAME)?.parse()?,
            public_key: map.array()?,
            context: map.bytes(MAXIMUM_CONTEXT)?.to_vec(),
            evidence: map.bytes(MAXIMUM_EVIDENCE)?.to_vec(),
            collateral: match entries {
                ENTRIES_WITH_COLLATERAL => Some(map.bytes(MAXIMUM_COLLATERAL)?.to_vec()),
                _ => None,
            },
        }
        .checked()?;
        if envelope.encode() != bytes {
            return Err(MapError::NotDeterministic.into());
        }
        Ok(envelope)
    }

    fn checked(self) -> Result<Self, EnvelopeError> {
        let printable = self.purpose.bytes().all(|byte| byte.is_ascii_graphic());
        if self.purpose.is_empty() || self.purpose.len() > MAXIMUM_PURPOSE || !printable {
            return Err(EnvelopeError::Purpose(self.purpose));
        }
        if !self.key_origin.is_possible_on(self.platform) {
            return Err(EnvelopeError::ImpossibleOrigin {
                platform: self.platform,
                origin: self.key_origin,
            });
        }
        let [form, ..] = self.public_key;
        if form != 4 {
            return Err(EnvelopeError::PublicKeyForm(form));
        }
        if self.context.len() > MAXIMUM_CONTEXT {
            return Err(EnvelopeError::Context(self.context.len()));
        }
        if self.evidence.is_empty() || self.evidence.len() > MAXIMUM_EVIDENCE {
            return Err(EnvelopeError::Evidence(self.evidence.len()));
        }
        if let Some(length) = self.collateral.as_ref().map(Vec::len)
            && (length == 0 || length > MAXIMUM_COLLATERAL)
        {
            return Err(EnvelopeError::Collateral(length));
        }
        Ok(self)
    }
}

fn known_algorithm(name: &str) -> Result<&'static str, EnvelopeError> {
    if name == KEY_ALGORITHM {
        Ok(KEY_ALGORITHM)
    } else {
        Err(EnvelopeError::KeyAlgorithm(name.to_owned()))
    }
}
