//! What authentic evidence says, before anybody judges it.

use std::fmt;

use orv_evidence::{Platform, UnixTime};
use serde::{Deserialize, Serialize, Serializer};

use crate::{NitroClaims, SnpClaims, TdxClaims};

/// What no evidence proves, however authentic (attestation reference, g): to be printed beside the claims.
pub const NOT_PROVEN: [&str; 4] = [
    "that the hardware is unbroken or that nobody with physical access reads its memory",
    "that the measured program is free of errors",
    "that the state is fresh: an older copy may run elsewhere at the same time",
    "that the operator did not discard other runs",
];

/// What authentic evidence says. Not yet judged: see [`crate::Verified::acceptable`].
///
/// In JSON the platform's own fields stand beside the others, by the vendors' names; their bytes are hexadecimal
/// without a prefix, as the vendors print them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Claims {
    /// The hardware that spoke, or the simulator.
    #[serde(serialize_with = "platform")]
    pub platform: Platform,
    /// How far the platform's cycle counter can be trusted.
    pub tier: PlatformTier,
    /// When the evidence was made, by its own clock. TDX and SNP have none: there only the challenge tells.
    #[serde(serialize_with = "optional_seconds")]
    pub issued_at: Option<UnixTime>,
    /// When everything that the verification stood on is valid: certificates, revocation lists, TCB information. An
    /// admission must not outlive it (DESIGN 5.4).
    pub validity: Validity,
    /// Whether the host can look inside.
    pub debug: DebugMode,
    /// What the platform says in its own words.
    #[serde(flatten)]
    pub hardware: Hardware,
}

/// How a platform's cycle counter counts for timed metrics (DESIGN 5.5). The numbers are those of the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum PlatformTier {
    /// No hardware at all.
    Simulated = 0,
    /// The host cannot bend the counter.
    TrustedCounter = 1,
    /// The host can bend the counter.
    WeakCounter = 2,
}

impl PlatformTier {
    /// The number in statements and admissions.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// Whether the host could look into the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DebugMode {
    /// Sealed from the host.
    Production,
    /// The host reads the console: never acceptable.
    Debug,
}

/// A span of time, both ends inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Validity {
    /// First second.
    #[serde(serialize_with = "seconds")]
    pub not_before: UnixTime,
    /// Last second.
    #[serde(serialize_with = "seconds")]
    pub not_after: UnixTime,
}

/// The claims that only one platform makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "made once for each verification")]
pub enum Hardware {
    /// An AWS Nitro enclave's.
    Nitro(NitroClaims),
    /// An AMD SEV-SNP guest's.
    Snp(Box<SnpClaims>),
    /// An Intel TDX trust domain's.
    Tdx(Box<TdxClaims>),
}

impl Hardware {
    /// The measured value of that name, as a policy names it: `pcr0` to `pcr31` on Nitro; `measurement`, `host_data`,
    /// `id_key_digest`, `author_key_digest`, `family_id` and `image_id` on SNP.
    ///
    /// ```
    /// # use orv_verify::Hardware;
    /// # fn shown(hardware: &Hardware) -> Option<String> {
    /// hardware.register("pcr8").map(hex::encode)
    /// # }
    /// ```
    pub fn register(&self, name: &str) -> Option<&[u8]> {
        match self {
            Self::Nitro(claims) => claims.registers.named(name).map(|register| register.0.as_slice()),
            Self::Snp(claims) => claims.register(name),
            Self::Tdx(claims) => claims.register(name).map(|register| register.0.as_slice()),
        }
    }
}

/// One register of 48 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Register(pub [u8; 48]);

impl Register {
    /// Whether every byte is zero: nothing was measured.
    pub fn is_zero(&self) -> bool {
        self.0 == [0; 48]
    }
}

impl fmt::Display for Register {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Register {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Register {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::hexadecimal::bare::serialize(&self.0, serializer)
    }
}

fn platform<S: Serializer>(platform: &Platform, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(platform.as_str())
}

fn seconds<S: Serializer>(time: &UnixTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(time.seconds())
}

#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
fn optional_seconds<S: Serializer>(time: &Option<UnixTime>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => seconds(time, serializer),
        None => serializer.serialize_none(),
    }
}
