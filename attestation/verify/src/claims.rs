//! What authentic evidence says, before anybody judges it.

use std::collections::BTreeMap;
use std::fmt;

use orv_evidence::{Platform, UnixTime};
use serde::{Deserialize, Serialize, Serializer};

/// What no evidence proves, however authentic (attestation reference, g): to be printed beside the claims.
pub const NOT_PROVEN: [&str; 4] = [
    "that the hardware is unbroken or that nobody with physical access reads its memory",
    "that the measured program is free of errors",
    "that the state is fresh: an older copy may run elsewhere at the same time",
    "that the operator did not discard other runs",
];

/// What authentic evidence says. Not yet judged: see [`crate::Verified::acceptable`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Claims {
    /// The hardware that spoke, or the simulator.
    #[serde(serialize_with = "platform")]
    pub platform: Platform,
    /// How far the platform's cycle counter can be trusted.
    pub tier: PlatformTier,
    /// The vendor's name of the environment; on Nitro `<instance>-enc<enclave>`.
    pub module: String,
    /// When the evidence was made, by its own clock.
    #[serde(serialize_with = "seconds")]
    pub issued_at: UnixTime,
    /// When every certificate of the chain is valid. An admission must not outlive it (DESIGN 5.4).
    pub validity: Validity,
    /// Whether the host can look inside.
    pub debug: DebugMode,
    /// What was measured.
    pub registers: Registers,
    /// What the program inside asked to be signed.
    pub reported: Reported,
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

/// The identifying registers, by platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Registers {
    /// Platform configuration registers of a Nitro enclave.
    Nitro(NitroRegisters),
}

/// Nitro's registers. The first three identify the image and are always there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NitroRegisters {
    /// Kernel, command line and all ramdisks.
    pub pcr0: Register,
    /// Kernel, command line and first ramdisk.
    pub pcr1: Register,
    /// The other ramdisks.
    pub pcr2: Register,
    /// The others by index, 3 to 31. Those from 16 on are the enclave's own to write.
    pub others: BTreeMap<u8, Register>,
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
        crate::hexadecimal::serialize(&self.0, serializer)
    }
}

/// The three fields that a Nitro enclave chooses itself. Opaque; only ever compared with what is expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reported {
    /// Meant for the verifier's challenge.
    #[serde(serialize_with = "crate::hexadecimal::optional::serialize")]
    pub nonce: Option<Vec<u8>>,
    /// Meant for the key that is endorsed.
    #[serde(serialize_with = "crate::hexadecimal::optional::serialize")]
    pub public_key: Option<Vec<u8>>,
    /// Meant for the binding digest.
    #[serde(serialize_with = "crate::hexadecimal::optional::serialize")]
    pub user_data: Option<Vec<u8>>,
}

fn platform<S: Serializer>(platform: &Platform, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(platform.as_str())
}

fn seconds<S: Serializer>(time: &UnixTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(time.seconds())
}
