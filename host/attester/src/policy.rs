//! By which rules an attester admits a key, and for how long.

use orv_verify::Policy;

use crate::AttesterError;

/// The longest life of a key, in seconds: `EnclaveRegistry` refuses more (DESIGN 5.3).
pub const LONGEST_LIFE: u64 = 24 * 60 * 60;
/// The most verdicts of a key: `EnclaveRegistry` refuses more.
pub const MOST_VERDICTS: u32 = 1024;

/// What an attester asks of evidence, and what it grants for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmissionPolicy {
    /// What the evidence must meet. Its list of measurements must be there: an attester that lists none would sign for
    /// any program.
    pub evidence: Policy,
    /// How long an admission lives at most, in seconds, 1 to [`LONGEST_LIFE`]. The evidence's own end may cut it.
    pub life: u64,
    /// How many verdicts the key may sign, 1 to [`MOST_VERDICTS`].
    pub verdicts: u32,
}

impl AdmissionPolicy {
    /// A policy that grants as much as the chain allows for evidence that meets `evidence`.
    pub const fn of(evidence: Policy) -> Self {
        Self {
            evidence,
            life: LONGEST_LIFE,
            verdicts: MOST_VERDICTS,
        }
    }

    /// Whether it can admit anybody, and nobody that the chain refuses anyway.
    ///
    /// # Errors
    /// [`AttesterError::PolicyWithoutMeasurements`], [`AttesterError::PolicyLife`] or [`AttesterError::PolicyVerdicts`].
    pub fn sensible(&self) -> Result<(), AttesterError> {
        if self.evidence.measurements.is_none() {
            return Err(AttesterError::PolicyWithoutMeasurements);
        }
        if !(1..=LONGEST_LIFE).contains(&self.life) {
            return Err(AttesterError::PolicyLife(self.life));
        }
        if !(1..=MOST_VERDICTS).contains(&self.verdicts) {
            return Err(AttesterError::PolicyVerdicts(self.verdicts));
        }
        Ok(())
    }
}
