//! What an operator sends an attester, and what comes back: JSON over HTTP, all of it public.

use alloy::primitives::{Address, B256, Bytes};
use orv_contracts::admission::EnclaveRegistry::Admission;
use orv_evidence::MAXIMUM_ENVELOPE;
use serde::{Deserialize, Serialize};

use crate::AdmissionTerms;

/// Where requests are posted.
pub const ADMISSIONS_PATH: &str = "/v1/admissions";
/// The schema of [`AdmissionAnswer`].
pub const ADMISSION_SCHEMA: &str = "orv.admission/1";
/// The schema of [`Refusal`].
pub const REFUSAL_SCHEMA: &str = "orv.refusal/1";
/// Longest request, in bytes: an envelope in hexadecimal and some numbers.
pub const MAXIMUM_REQUEST: usize = 2 * MAXIMUM_ENVELOPE + 4096;
/// Longest answer, in bytes.
pub const MAXIMUM_ANSWER: u64 = 64 * 1024;

/// A candidate key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdmissionRequest {
    /// Who will be paid.
    pub operator: Address,
    /// The block that the challenge was made of.
    pub challenge_block: u64,
    /// The envelope of `orv-evidence`.
    pub envelope: Bytes,
    /// What to grant; what the attester can grant at most when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<AdmissionTerms>,
}

/// A signed admission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdmissionAnswer {
    /// [`ADMISSION_SCHEMA`].
    pub schema: String,
    /// Who signed.
    pub attester: Address,
    /// What was signed.
    pub admission: SignedFields,
    /// `r || s || v`.
    pub signature: Bytes,
}

/// The fields of `EnclaveRegistry.Admission`, and the challenge, as they are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedFields {
    /// The candidate key's address.
    pub key: Address,
    /// Who will be paid.
    pub operator: Address,
    /// Platform name, ASCII and zero padded.
    pub platform: B256,
    /// The measured program.
    pub measurement: B256,
    /// 0G root of the envelope.
    pub evidence_root: B256,
    /// The block that the challenge was made of.
    pub challenge_block: u64,
    /// End of the admission, in Unix seconds.
    pub expires_at: u64,
    /// Verdicts the key may sign.
    pub verdicts: u32,
    /// Tier of the platform's counter.
    pub platform_tier: u8,
    /// The challenge that the evidence answered.
    pub challenge: B256,
}

impl SignedFields {
    /// As signed for this admission and challenge.
    pub fn of(admission: &Admission, challenge: B256) -> Self {
        Self {
            key: admission.key,
            operator: admission.operator,
            platform: admission.platform,
            measurement: admission.measurement,
            evidence_root: admission.evidenceRoot,
            challenge_block: admission.challengeBlock,
            expires_at: admission.expiresAt,
            verdicts: admission.verdicts,
            platform_tier: admission.platformTier,
            challenge,
        }
    }

    /// What `EnclaveRegistry.admit` takes.
    pub fn admission(&self) -> Admission {
        Admission {
            key: self.key,
            operator: self.operator,
            platform: self.platform,
            measurement: self.measurement,
            evidenceRoot: self.evidence_root,
            challengeBlock: self.challenge_block,
            expiresAt: self.expires_at,
            verdicts: self.verdicts,
            platformTier: self.platform_tier,
        }
    }

    /// What it grants.
    pub const fn terms(&self) -> AdmissionTerms {
        AdmissionTerms {
            expires_at: self.expires_at,
            verdicts: self.verdicts,
        }
    }

    /// The same under other terms.
    #[must_use]
    pub const fn under(mut self, terms: AdmissionTerms) -> Self {
        self.expires_at = terms.expires_at;
        self.verdicts = terms.verdicts;
        self
    }
}

/// Why nothing was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// [`REFUSAL_SCHEMA`].
    pub schema: String,
    /// A stable code of `docs/errors.md`.
    pub code: String,
    /// For a person.
    pub message: String,
}
