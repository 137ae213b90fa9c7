//! The decision to admit a key, in the words that the registry reads.

use alloy::primitives::{Address, B256};
use orv_content::Root;
use orv_contracts::admission::EnclaveRegistry::Admission;
use orv_evidence::{Platform, UnixTime};
use orv_verify::{Check, PlatformTier};

/// A key that an attester found worthy. Only [`crate::admit`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmissionDecision {
    pub(crate) key: Address,
    pub(crate) operator: Address,
    pub(crate) platform: Platform,
    pub(crate) measurement: B256,
    pub(crate) evidence_root: Root,
    pub(crate) chain_id: u64,
    pub(crate) challenge_block: u64,
    pub(crate) challenge: B256,
    pub(crate) expires_at: UnixTime,
    pub(crate) verdicts: u32,
    pub(crate) tier: PlatformTier,
    pub(crate) checks: Vec<Check>,
}

impl AdmissionDecision {
    /// The key's address.
    pub const fn key(&self) -> Address {
        self.key
    }

    /// The hardware that endorsed it.
    pub const fn platform(&self) -> Platform {
        self.platform
    }

    /// What it measured, as `MeasurementPolicy` lists it.
    pub const fn measurement(&self) -> B256 {
        self.measurement
    }

    /// 0G root of the envelope.
    pub const fn evidence_root(&self) -> Root {
        self.evidence_root
    }

    /// The challenge that the evidence answered, as the registry recomputes it.
    pub const fn challenge(&self) -> B256 {
        self.challenge
    }

    /// End of the admission: never later than the evidence's.
    pub const fn expires_at(&self) -> UnixTime {
        self.expires_at
    }

    /// The platform's tier.
    pub const fn tier(&self) -> PlatformTier {
        self.tier
    }

    /// Every check made on the way, the skipped ones included.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The chain that this admission is for.
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// What `EnclaveRegistry.admit` takes.
    pub fn admission(&self) -> Admission {
        Admission {
            key: self.key,
            operator: self.operator,
            platform: padded(self.platform),
            measurement: self.measurement,
            evidenceRoot: B256::from(self.evidence_root.0),
            challengeBlock: self.challenge_block,
            expiresAt: self.expires_at.seconds(),
            verdicts: self.verdicts,
            platformTier: self.tier.number(),
        }
    }
}

/// The platform's ASCII name, zero padded to a word.
fn padded(platform: Platform) -> B256 {
    B256::right_padding_from(platform.as_str().as_bytes())
}
